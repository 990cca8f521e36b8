"""Bad input to a running server: a clear error each time, nothing kept, and the next good message goes through."""

import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.logs import FIELDS
from emla.flow.documents.peers import root_fingerprint
from emla.formats.export import encode_export
from tests.support import authorities
from tests.support.authorities import DAY, party
from tests.support.calls import Json, body_of, eventually, fresh, get, log_lines, post
from tests.support.gateways import leftovers, rows, select
from tests.support.messages import ATTACHMENT_NAME, Template, make_template
from tests.support.servers import Server, running, submission

pytestmark = pytest.mark.xdist_group("bad-input")
SMALL = make_template(sender="at.moj", recipient="de.bfj", attachment=b"annex " * 2000)
LARGE = make_template(sender="at.moj", recipient="de.bfj", attachment=bytes(range(256)) * 4000)
OFFICER = "Tomoko Hayase"
OTHER_NAME = "hostile-name.pdf"


def contents(server: Server) -> tuple[dict[str, int], list[Path]]:
    """Every table's size and every file. A refused import leaves an event, its leaf and checkpoint: they are left out."""
    found = rows(server.data)
    events = found.pop("event")
    return found | {name: found[name] - events for name in ("leaf", "checkpoint")}, leftovers(server.data)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    with running(tmp_path_factory.mktemp("b"), "at.moj", "de.bfj") as servers:
        yield servers[0], servers[1]


@pytest.fixture
async def at(pair: tuple[Server, Server]) -> AsyncIterator[Server]:
    """AT's server; whatever is refused leaves nothing, and an honest message goes through afterwards."""
    server = pair[0]
    before = contents(server)
    yield server
    await eventually(lambda: contents(server) == before)
    status, answer = await post(server, body_of(SMALL), wait=30)
    assert (status, answer["state"]) in [(201, state) for state in ("ACCEPTED", "CONSIGNED")]
    # Until its last acknowledgement is here, so that the next test begins when nothing moves.
    await eventually(lambda: select(server.data, "SELECT DISTINCT state FROM leg") == [("CONSIGNED",)])


def replaced(old: bytes, new: bytes, template: Template = SMALL) -> bytes:
    document = fresh(template)
    assert old in document
    return document.replace(old, new, 1)


def check_problem(answer: Json, code: str) -> list[Json]:
    """A problem tells what happened, what to do and who must act; return its findings."""
    assert answer["code"] == code, answer
    assert answer["title"]
    assert answer["remedy"]
    assert answer["who"]
    assert answer["correlation_id"]
    findings = answer["findings"]
    assert isinstance(findings, list)
    return findings


@pytest.mark.parametrize(
    "main",
    [
        b"",
        b"not XML at all",
        b"<open>",
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        b"<?xml version='1.0'?><!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>",
        b"<!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c '&a;&a;&a;'>]><x>&c;</x>",
        b"<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'>%p;]><x/>",
        b"<a>" * 100 + b"</a>" * 100,
    ],
    ids=["empty", "text", "open", "utf-16", "dtd", "entities", "parameter", "deep"],
)
async def test_malformed_xml_and_entities_are_refused(at: Server, main: bytes) -> None:
    status, answer = await post(at, submission(main, [(ATTACHMENT_NAME, SMALL.attachment)]))
    assert status == 422
    check_problem(answer, "malformed-xml")
    assert "root:" not in json.dumps(answer)


async def test_every_schema_violation_is_listed_at_once_with_its_line_and_path(at: Server) -> None:
    main = replaced(b"<SigningDate>2026-06-22</SigningDate>", b"<SigningDate>yesterday</SigningDate>")
    main = main.replace(b"<SizeBytes>12000</SizeBytes>", b"<SizeBytes>many</SizeBytes>", 1)
    main = main.replace(b"<MediaType>application/octet-stream</MediaType>", b"<MediaType>??</MediaType>", 1)
    status, answer = await post(at, submission(main, [(ATTACHMENT_NAME, SMALL.attachment)]))
    assert status == 422
    findings = check_problem(answer, "invalid-message")
    text = json.dumps(findings)
    for name in ("SigningDate", "SizeBytes", "MediaType"):
        assert name in text, findings
    for finding in findings:
        assert finding["rule"]
        assert finding["message"]
        assert finding["path"]
        assert isinstance(finding["line"], int)


async def test_an_unknown_recipient_is_refused_and_named(at: Server) -> None:
    unknown = make_template(sender="at.moj", recipient="fr.moj", attachment=SMALL.attachment)
    status, answer = await post(at, body_of(unknown))
    assert status == 422
    check_problem(answer, "unknown-recipient")
    assert "fr.moj" in str(answer["detail"])


async def test_an_expired_card_is_not_even_pinned(at: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "NOW", int(time.time()) - 301 * DAY)
    old = party("fr.moj").authority
    async with at.client() as client:
        answer = await client.post(
            "/v1/peers",
            params={"fingerprint": root_fingerprint(old)},
            data=encode_export(old.documents),
        )
        assert answer.status == 409
        check_problem(await answer.json(content_type=None), "document-expired")


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
async def test_attachments_missing_unnamed_or_changed_are_refused(at: Server, template: Template) -> None:
    good = (ATTACHMENT_NAME, template.attachment)
    changed = (ATTACHMENT_NAME, template.attachment[:-1] + b"!")
    for attachments, code in (
        ([], "missing-attachment"),
        ([good, (OTHER_NAME, b"%PDF")], "unnamed-attachment"),
        ([(OTHER_NAME, template.attachment)], "missing-attachment"),
        ([changed], "attachment-changed"),
        ([(ATTACHMENT_NAME, template.attachment + b"!")], "attachment-changed"),
    ):
        status, answer = await post(at, submission(fresh(template), attachments))
        assert status == 422
        assert check_problem(answer, code)


DECLARATIONS = [
    b"",
    b"{",
    b"[]",
    b"{}",
    b'{"parts":[]}',
    b'{"parts":[{"name":"x","media":"application/xml","role":"main","size":-1}]}',
    b'{"parts":[{"name":"x","media":"application/xml","role":"boss","size":1}]}',
    b'{"parts":[{"name":"x","media":"nonsense","role":"main","size":1}]}',
    b'{"parts":[{"name":"x","media":"application/xml","role":"main","size":1}],"more":1}',
    b'{"parts":[{"name":"x","media":"application/xml","role":"main","size":1,"size":1}]}',
    b'{"parts":[{"name":"x","media":"application/xml","role":"main","size":1}],"prio":"soon"}',
    b'{"parts":[{"name":"x","media":"application/xml","role":"main","size":1}],"expires_in_days":0}',
    b'{"parts":[{"name":"x","media":"application/xml","role":"main","size":9007199254740991}]}',
    b"\xff\xff",
]


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=range(len(DECLARATIONS)))
async def test_a_declaration_of_no_sense_is_a_bad_request(at: Server, declaration: bytes) -> None:
    status, answer = await post(at, len(declaration).to_bytes(4, "big") + declaration + b"x")
    assert status == 400
    check_problem(answer, "bad-request")


@pytest.mark.parametrize("body", [b"", b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x09{}"])
async def test_a_body_that_is_no_submission_is_a_bad_request(at: Server, body: bytes) -> None:
    status, answer = await post(at, body)
    assert status == 400
    check_problem(answer, "bad-request")


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
async def test_a_body_longer_or_shorter_than_declared_is_refused(at: Server, template: Template) -> None:
    body = body_of(template)
    for other in (body + b"x", body[:-1]):
        status, answer = await post(at, other)
        assert status == 400
        check_problem(answer, "bad-request")


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
async def test_a_caller_that_goes_away_in_the_middle_leaves_nothing(at: Server, template: Template) -> None:
    body = body_of(template)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: emla\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(at.data / "emla.sock"))
        caller.sendall(head + body[: len(body) * 3 // 4])


async def test_a_compressed_body_is_refused(at: Server) -> None:
    async with at.client() as client:
        answer = await client.post("/v1/messages", data=body_of(SMALL), headers={"Content-Encoding": "gzip"})
        assert answer.status == 415
        check_problem(await answer.json(content_type=None), "unsupported-encoding")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/messages/" + "0" * 64, 404, "not-found"),
        ("/v1/messages/00000000", 404, "not-found"),
        ("/v1/messages/nothex", 404, "not-found"),
        ("/v1/messages/" + "0" * 64 + "/parts/0", 404, "not-found"),
        ("/v1/messages?box=attic", 400, "bad-request"),
        ("/v1/messages?limit=-1", 400, "bad-request"),
        ("/v1/legs?state=NOWHERE", 400, "bad-request"),
        ("/v1/peers/fr.moj", 404, "not-found"),
        ("/v1/nothing", 404, "not-found"),
    ],
)
async def test_what_is_not_there_is_said_to_be_not_there(
    at: Server, path: str, status: int, code: str
) -> None:
    found, answer = await get(at, path)
    assert found == status
    check_problem(answer, code)


async def test_logs_are_lines_of_json_with_listed_fields_and_nobodys_name(
    pair: tuple[Server, Server], at: Server
) -> None:
    await post(at, submission(fresh(SMALL), [(OTHER_NAME, b"%PDF")]))
    for server in pair:
        lines = log_lines(server)
        assert lines
        allowed = {*FIELDS, "at", "level", "logger", "message", "error", "frames"}
        for line in lines:
            assert set(line) <= allowed, line
        text = server.log.read_text()
        for secret in (OFFICER, "Hayase", ATTACHMENT_NAME, OTHER_NAME, "request.xml", "Minami"):
            assert secret not in text


async def test_after_all_of_it_both_ledgers_are_whole(pair: tuple[Server, Server]) -> None:
    for server in pair:
        audit = verify_ledger(server.data)
        assert audit.whole, audit.problems
