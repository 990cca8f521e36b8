"""The clerk of a running server: messages while it lives, when it is killed, and across a restart."""

import asyncio
import os
import signal
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.calls import eventually, fresh, get, log_lines, operations, post
from tests.support.gateways import rows
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.servers import Server, introduce, make_server, submission

SMALL = make_template(sender="at.moj", recipient="de.bfj", attachment=b"annex " * 2000)


def body(main: bytes, **extra: object) -> bytes:
    return submission(main, [(ATTACHMENT_NAME, SMALL.attachment)], **extra)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Server]:
    """AT's running server, which knows DE; DE's is not there."""
    at, de = make_server(tmp_path, "at.moj"), make_server(tmp_path, "de.bfj")
    at.plain = True
    try:
        for server in (at, de):
            server.start()
        for server in (at, de):
            await asyncio.to_thread(server.wait_ready)
        await introduce(at, de)
        de.kill()
        yield at
    finally:
        for server in (at, de):
            if server.process is not None and server.process.poll() is None:
                server.kill()


def clerk_of(server: Server) -> int:
    for process in server.process_ids()[1:]:
        if b"emla.sandbox.clerk_child" in Path(f"/proc/{process}/cmdline").read_bytes():
            return process
    raise AssertionError("no clerk")


@pytest.mark.parametrize("extra", [{}, {"recipient": "de.bfj"}], ids=["undeclared", "declared"])
async def test_a_clerk_that_is_killed_costs_one_message_an_error_and_the_server_goes_on(
    at: Server, extra: dict[str, object]
) -> None:
    before = rows(at.data)
    os.kill(clerk_of(at), signal.SIGSTOP)
    main = fresh(SMALL)
    waiting = asyncio.create_task(post(at, body(main, **extra)))
    await eventually(lambda: b"emla_under_way 1" in _metrics(at))
    os.kill(clerk_of(at), signal.SIGKILL)
    status, answer = await waiting
    assert (status, answer["code"]) == (422, "check-failed")
    assert answer["remedy"]
    assert rows(at.data) == before
    assert (await post(at, body(main, **extra)))[0] == 201
    said = {line["message"]: line for line in log_lines(at)}
    assert said["child died"]["child"] == "clerk"
    assert said["message not checked"]["reason"]
    assert (await operations(at, "/readyz"))[1]["checks"]


def _metrics(server: Server) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.operations_port}/metrics", timeout=10) as answer:
        found: bytes = answer.read()
        return found


async def test_a_message_taken_before_a_restart_gets_the_same_answer_after_it(at: Server) -> None:
    main = fresh(SMALL)
    status, first = await post(at, body(main, recipient="de.bfj"))
    assert status == 201
    at.kill()
    at.start()
    await asyncio.to_thread(at.wait_ready)
    for extra in ({}, {"recipient": "de.bfj"}):
        status, again = await post(at, body(main, **extra))
        assert (status, again["pid"]) == (200, first["pid"])


async def test_the_declared_recipient_must_be_an_authority_and_that_of_the_message(at: Server) -> None:
    status, answer = await post(at, body(fresh(SMALL), recipient="DE BFJ"))
    assert (status, answer["code"]) == (400, "bad-request")
    status, answer = await post(at, body(fresh(SMALL), recipient="fr.moj"))
    assert (status, answer["code"]) == (422, "invalid-message")
    findings = answer["findings"]
    assert isinstance(findings, list)
    assert [each["rule"] for each in findings] == ["BR-002"]


async def test_the_status_tells_what_confines_the_clerk(at: Server) -> None:
    _, status = await get(at, "/v1/status")
    assert status["clerk"] == status["opener"] != []
