"""The client against a real server on a real socket."""

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from emla.client.client import Client
from emla.client.upload import PIECE_BYTES, OpenPart, PartFile
from emla.model.acknowledgement import Event
from emla.model.errors import (
    ConfigurationError,
    EmlaError,
    InvalidDocumentError,
    InvalidMessageError,
    InvalidPackageError,
    NotFoundError,
    TransportError,
)
from emla.model.findings import Severity
from emla.model.package import PartRole, Priority
from tests.support.cli import make_authority, short_folder
from tests.support.fake_authority_api import FakeAuthority, leg, serving


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[FakeAuthority]:
    async with serving(FakeAuthority(), folder / "emla.sock") as state:
        yield state


@pytest.fixture
async def client(folder: Path, server: FakeAuthority) -> AsyncIterator[Client]:
    async with Client(folder / "emla.sock") as client:
        yield client


def part(path: Path, data: bytes, *, role: PartRole = PartRole.MAIN, sha256: bytes | None = None) -> OpenPart:
    path.write_bytes(data)
    return OpenPart(PartFile(path=path, name=path.name, media="application/xml", role=role, sha256=sha256))


async def test_status_is_read_and_newer_members_are_let_be(client: Client) -> None:
    status = await client.status()
    assert status.authority == "jp.moj"
    assert status.ledger.origin == "jp.moj/emla/1/1"


async def test_what_is_submitted_arrives_byte_for_byte(
    client: Client, server: FakeAuthority, folder: Path
) -> None:
    large = os.urandom(3 * PIECE_BYTES + 17)
    moved: list[int] = []
    with part(folder / "main.xml", b"<a/>") as main, part(folder / "big", large, role=PartRole.ANNEX) as big:
        submitted = await client.submit(
            [main, big], prio=Priority.URGENT, expires_in_days=3, wait_seconds=2, progress=moved.append
        )
    assert server.queries[-1] == {"wait": "2"}
    sent = await client.message(submitted.pid)
    assert sent.urgent
    assert [each.sha256 for each in sent.parts] == [
        hashlib.sha256(b"<a/>").hexdigest(),
        hashlib.sha256(large).hexdigest(),
    ]
    assert [each.event for each in sent.acknowledgements] == [
        Event.SUBMISSION_ACCEPTANCE,
        Event.RELAY_ACCEPTANCE,
    ]
    assert sent.acknowledgements == submitted.acknowledgements
    assert sum(moved) == 4 + len(large)


async def test_no_more_than_one_piece_is_in_memory(folder: Path) -> None:
    with part(folder / "big", b"x" * (4 * PIECE_BYTES)) as big:
        assert [len(piece) async for piece in big.pieces()] == [PIECE_BYTES] * 4


async def test_an_empty_file_is_sent_as_an_empty_part(client: Client, folder: Path) -> None:
    with part(folder / "main.xml", b"<a/>") as main, part(folder / "none", b"", role=PartRole.ANNEX) as none:
        sent = await client.message((await client.submit([main, none])).pid)
    assert sent.parts[1].size == 0


@pytest.mark.parametrize("change", ["grows", "shrinks", "vanishes into nothing"])
async def test_a_file_that_changes_its_size_is_never_sent_whole(
    client: Client, server: FakeAuthority, folder: Path, change: str
) -> None:
    path = folder / "big"
    main = part(folder / "main.xml", b"<a/>")
    with main, part(path, b"x" * (2 * PIECE_BYTES), role=PartRole.ANNEX) as big:
        with path.open("ab") as file:
            if change == "grows":
                file.write(b"y")
            else:
                file.truncate(PIECE_BYTES if change == "shrinks" else 0)
        with pytest.raises(InvalidMessageError) as caught:
            await client.submit([main, big])
    assert caught.value.code == "attachment-changed"
    assert str(path) in caught.value.detail
    assert server.messages == {}


async def test_a_file_rewritten_at_the_same_size_is_never_sent_whole(
    client: Client, server: FakeAuthority, folder: Path
) -> None:
    data = b"x" * (2 * PIECE_BYTES)
    main = part(folder / "main.xml", b"<a/>")
    with main, part(folder / "a", data, sha256=hashlib.sha256(data).digest()) as annex:
        (folder / "a").write_bytes(b"y" * len(data))
        with pytest.raises(InvalidMessageError) as caught:
            await client.submit([main, annex])
    assert caught.value.code == "attachment-changed"
    assert server.messages == {}


async def test_a_refusal_while_the_parts_are_still_coming_is_told(
    client: Client, server: FakeAuthority, folder: Path
) -> None:
    server.refusal, server.refuse_early = ("too-large", "At most 1 MiB."), True
    main = part(folder / "main.xml", b"x" * (64 * PIECE_BYTES))
    with main, pytest.raises(InvalidPackageError) as caught:
        await client.submit([main])
    assert caught.value.code == "too-large"


async def test_findings_come_with_the_refusal(client: Client, server: FakeAuthority, folder: Path) -> None:
    server.refusal = ("invalid-message", "")
    server.findings = [
        {"rule": "BR-005", "severity": "fatal", "message": "No.", "line": 7, "path": "/a", "source": "s"},
        {
            "rule": "BR-900",
            "severity": "of a newer kind",
            "message": "?",
            "line": None,
            "path": "",
            "source": "",
        },
    ]
    with part(folder / "main.xml", b"<a/>") as main, pytest.raises(InvalidMessageError) as caught:
        await client.submit([main])
    first, second = caught.value.findings
    assert (first.line, first.severity) == (7, Severity.FATAL)
    assert second.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("not-found", NotFoundError),
        ("peer-unreachable", TransportError),
        ("fingerprint-mismatch", InvalidDocumentError),
        ("not-readable", InvalidMessageError),
        ("not-initialised", ConfigurationError),
    ],
)
async def test_a_problem_becomes_the_error_of_its_code(
    client: Client, server: FakeAuthority, code: str, kind: type[EmlaError]
) -> None:
    server.refusal = (code, "the facts")
    with pytest.raises(kind) as caught:
        await client.status()
    assert caught.value.code == code
    assert "the facts" in caught.value.detail


async def test_the_correlation_id_of_a_failure_is_told(client: Client, server: FakeAuthority) -> None:
    server.refusal = ("internal", "")
    with pytest.raises(EmlaError) as caught:
        await client.status()
    assert "c0ffee" in caught.value.detail


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"{}", b'{"authority": 1}', b"\xff" * 9])
async def test_nonsense_from_the_server_is_a_clear_error(
    client: Client, server: FakeAuthority, answer: bytes
) -> None:
    server.answer = answer
    with pytest.raises(ConfigurationError) as caught:
        await client.status()
    assert caught.value.code == "unreadable-answer"
    assert "the status" in caught.value.detail


async def test_no_server_is_a_clear_error(folder: Path) -> None:
    async with Client(folder / "emla.sock") as client:
        with pytest.raises(ConfigurationError) as caught:
            await client.status()
    assert caught.value.code == "server-not-running"
    assert str(folder) in caught.value.detail


async def test_a_socket_path_that_the_system_cannot_take_is_said_at_once(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        async with Client(folder / ("x" * 108) / "emla.sock"):
            pass
    assert caught.value.code == "bad-setting"


async def test_peers_are_imported_listed_shown_and_pinged(
    client: Client, server: FakeAuthority, folder: Path
) -> None:
    made = make_authority(folder / "nl")
    documents = made.documents.read_bytes()
    peer, new = await client.import_peer(documents, made.fingerprint)
    assert (peer.authority, new) == ("nl.minjus", True)
    assert (await client.import_peer(documents, made.fingerprint))[1] is False
    assert [each.authority for each in await client.peers()] == ["nl.minjus"]
    assert (await client.peer("nl.minjus")).documents == documents
    assert (await client.ping("nl.minjus")).clock_difference_seconds == -0.25
    with pytest.raises(InvalidDocumentError):
        await client.import_peer(documents, "00000 " * 12)


async def test_legs_are_listed_by_state_and_tried_again(client: Client, server: FakeAuthority) -> None:
    server.legs = [leg(1), leg(2, "HELD")]
    assert [each.id for each in await client.legs(state="HELD")] == ["2"]
    assert (await client.retry_leg("1")).attempts == 3
    with pytest.raises(NotFoundError):
        await client.retry_leg("9")


async def test_waiting_names_how_many_acknowledgements_are_known(
    client: Client, server: FakeAuthority, folder: Path
) -> None:
    with part(folder / "main.xml", b"<a/>") as main:
        sent = await client.submit([main])
    again = await client.wait_for(sent.pid, after=1, wait_seconds=5)
    assert again.acknowledgements == sent.acknowledgements
    assert server.queries[-1] == {"after": "1", "wait": "5"}


async def test_a_part_is_saved_whole_and_never_over_a_file(
    client: Client, server: FakeAuthority, folder: Path
) -> None:
    with part(folder / "main.xml", b"<a/>") as main:
        sent = await client.submit([main])
    await client.save_part(sent.pid, 1, folder / "saved.xml")
    assert (folder / "saved.xml").read_bytes() == b"<a/>"
    assert (folder / "saved.xml").stat().st_mode & 0o777 == 0o600
    (folder / "saved.xml").write_bytes(b"mine")
    with pytest.raises(ConfigurationError) as caught:
        await client.save_part(sent.pid, 1, folder / "saved.xml")
    assert caught.value.code == "unwritable-file"
    assert (folder / "saved.xml").read_bytes() == b"mine"


async def test_a_part_that_is_not_what_was_announced_leaves_no_file(
    client: Client, server: FakeAuthority, folder: Path
) -> None:
    with part(folder / "main.xml", b"<a/>") as main:
        sent = await client.submit([main])
    server.announced_sha256 = "00" * 32
    target = folder / "received"
    target.mkdir()
    with pytest.raises(InvalidPackageError) as caught:
        await client.save_part(sent.pid, 1, target / "saved.xml")
    assert caught.value.code == "part-mismatch"
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file_cannot_be_a_part(folder: Path, kind: str) -> None:
    path = folder / "part"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(InvalidMessageError) as caught:
        OpenPart(PartFile(path=path, name="part", media="a/b", role=PartRole.ANNEX))
    assert caught.value.code == "unreadable-file"
