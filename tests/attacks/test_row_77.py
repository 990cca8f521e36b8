"""Row 77. Log injection with newlines, secrets or personal data in errors and traces.

Expected: one escaped line, allow-listed fields.
"""

import asyncio
import gc
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.bootstrap.logs import FIELDS, JsonLines, set_up_logs
from emla.model.errors import InvalidMessageError
from tests.support.attacked import Target, attacked
from tests.support.people import Staff
from tests.support.servers import submission

MARK = "kovacs-5550100"
"""Stands in everything that is hostile or secret here: a name, a password, a token, a file name, a word of a message."""
LINE = '\n{"at":"now","level":"error","logger":"emla.audit","message":"' + MARK + '"}\n\x1b[2J\r'
ALWAYS = {"at", "level", "logger", "message", "error", "frames"}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with attacked(tmp_path_factory.mktemp("g")) as one:
        yield one


def lines_of(text: str) -> list[dict[str, object]]:
    """The lines of a log, each of which is one JSON object of listed fields and plain characters."""
    found = []
    for line in text.splitlines():
        assert line.isascii()
        assert line.isprintable()
        value = json.loads(line)
        assert isinstance(value, dict)
        assert set(value) <= ALWAYS | set(FIELDS), value
        found.append(value)
    return found


def test_peers_put_nothing_into_the_log_and_hear_nothing_of_what_they_sent(target: Target) -> None:
    hostile = MARK.encode()
    quoted = "%0a%7b%22level%22%3a%22error%22%7d%0d" + MARK
    for method, path, body in (
        ("PUT", f"/emla/1/packages/{quoted}", hostile),
        ("PUT", f"/emla/1/packages/{'0' * 64}", LINE.encode()),
        ("PUT", f"/emla/1/acknowledgements/{quoted}", hostile),
        ("POST", "/emla/1/packages", LINE.encode()),
        ("POST", "/emla/1/ping", json.dumps({"from": LINE, "software": MARK}).encode()),
        ("GET", f"/{quoted}?{quoted}", b""),
        ("POST", "/emla/1/channel", LINE.encode()),
    ):
        status, answer = target.put(path, body, method)
        assert 400 <= status < 500, (path, answer)
        assert isinstance(answer, dict), (path, answer)
        assert set(answer) == {"code", "status", "correlation_id"}
        assert MARK not in json.dumps(answer)
    text = target.server.log.read_text()
    assert MARK not in text
    assert lines_of(text)


def documents() -> list[bytes]:
    """Messages that are refused, each with the mark where a parser, a schema or a rule stumbles over it."""
    return [
        f"<{MARK}/>".encode(),
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "{MARK}">]><a>&e;</a>'.encode(),
        f"<a>{MARK}</b>".encode(),
        f'<r:MLARequest xmlns:r="urn:emla:request:1"><{MARK} x="{MARK}"/></r:MLARequest>'.encode(),
        MARK.encode("utf-16"),
    ]


async def test_our_own_people_put_neither_content_nor_secrets_into_the_log(target: Target) -> None:
    staff = Staff(target.server)
    async with target.server.client() as client:
        for document in documents():
            for name in (f"{MARK}.pdf", f"a{LINE}b", f"../{MARK}"):
                body = submission(document, [(name, MARK.encode())], recipient="at.moj")
                answer = await client.post(f"/v1/messages?x={MARK}", data=body)
                assert 400 <= answer.status < 500, await answer.text()
        broken = submission(b"<a/>", [], recipient=LINE, overrides=[{"rule": LINE, "reason": LINE}])
        assert (await client.post("/v1/messages", data=broken)).status == 400
        answer = await client.post("/v1/peers", params={"fingerprint": MARK}, data=LINE.encode())
        assert 400 <= answer.status < 500
        for path in (
            f"/v1/messages/{MARK}",
            "/v1/cases/%0a" + MARK,
            f"/v1/legs/{MARK}",
            f"/v1/people/{MARK}",
        ):
            assert (await client.get(path)).status in (400, 404)
    await staff.hire()
    logins: tuple[dict[str, object], ...] = (
        {"name": MARK, "password": MARK + LINE, "label": MARK},
        {"name": "cara", "password": MARK, "label": LINE},
        {"name": LINE, "password": MARK, "label": "x"},
    )
    for login in logins:
        status, _, _ = await staff.call(None, "POST", "/v1/login", login)
        assert status in (400, 401)
    for token in (MARK, f"emla_{MARK}", "emla_" + "0" * 12 + "_" + MARK):
        assert await staff.code(token, "GET", "/v1/messages") == "not-authenticated"
    person: dict[str, object] = {"name": "nora", "full_name": f"Nora {MARK}", "roles": ["operator"]}
    assert await staff.code("kay", "POST", "/v1/people", person) == "ok"
    assert await staff.code("kay", "POST", "/v1/people", {**person, "full_name": LINE}) == "bad-request"
    text = target.server.log.read_text()
    assert MARK not in text
    for token in staff.tokens.values():
        secret = token.split("_", 2)[2]  # which may hold an underscore itself
        assert secret not in text
    assert lines_of(text)


# --- what breaks, and what others log ---


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log of a process, as a server sets it up."""
    root, found = logging.getLogger(), io.StringIO()
    handlers, level, loud = root.handlers[:], root.level, logging.raiseExceptions
    kept = {
        name: logging.getLogger(name).level
        for name in ("asyncio", "aiosqlite", "aiohttp.server", "aiohttp.access")
    }
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(sys, "stderr", found)
    set_up_logs("debug")
    try:
        yield found
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.raiseExceptions = loud
        for name, each in kept.items():
            logging.getLogger(name).setLevel(each)


def test_a_message_is_one_line_whatever_is_in_it(stream: io.StringIO) -> None:
    logging.getLogger("emla.test").error(
        "it %s", LINE, extra={"peer": LINE, "reason": "x" * 5000, "name_of": MARK}
    )
    (line,) = lines_of(stream.getvalue())
    assert set(line) == {"at", "level", "logger", "message", "peer", "reason"}
    assert len(str(line["reason"])) == 500


def test_a_traceback_holds_types_and_places_and_no_words(stream: io.StringIO) -> None:
    secret = f"{MARK} in a local variable"
    try:
        try:
            raise ValueError(secret)
        except ValueError as error:
            raise InvalidMessageError("invalid-message", MARK) from error
    except InvalidMessageError:
        logging.getLogger("emla.test").exception("internal error")
    (line,) = lines_of(stream.getvalue())
    assert line["error"] == "InvalidMessageError"
    assert MARK not in stream.getvalue()


async def test_what_nobody_awaited_or_caught_is_told_without_its_words(stream: io.StringIO) -> None:
    async def fail() -> None:
        raise ValueError(MARK)

    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "exception": ValueError(MARK), "future": MARK}
    )

    class Dying:
        def __del__(self) -> None:
            raise ValueError(MARK)

    Dying()
    gc.collect()
    thread = threading.Thread(target=asyncio.run, args=(fail(),))
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError(MARK), None)
    said = lines_of(stream.getvalue())
    assert MARK not in stream.getvalue()
    assert [each["error"] for each in said if each["message"] == "broke"] == ["ValueError"] * 3
    assert "Task exception was never retrieved" in [each["message"] for each in said]


def test_libraries_put_none_of_their_values_into_the_log(stream: io.StringIO, tmp_path: Path) -> None:
    logging.getLogger("aiosqlite").debug("executing %s", MARK)
    logging.getLogger("some.library").warning("it failed for %s", MARK)
    logging.getLogger("some.library").error("first line\nsecond %s", MARK)
    logging.getLogger("emla.test").info("not %d a number", MARK)  # cannot be written: not even then
    assert MARK not in stream.getvalue()
    assert [each["message"] for each in lines_of(stream.getvalue())] == ["it failed for %s", "first line"]
    assert JsonLines().format(logging.makeLogRecord({"msg": f"a\n{MARK}", "name": "x"})).count(MARK) == 0
