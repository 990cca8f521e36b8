"""Trouble around a running server: full disk, bad keys, peers that are down, wrong or mad, and being told to stop."""

import asyncio
import contextlib
import http.client
import io
import json
import os
import resource
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.keyring.tls import check_tls, write_tls
from emla.store.sqlite.schema import migrations
from tests.support.calls import (
    body_of,
    eventually,
    fresh,
    get,
    leg_row,
    log_lines,
    operations,
    post,
    post_nothing,
)
from tests.support.commands import run_emla
from tests.support.evil_peer import answering, evil_peer, hanging_up, saying
from tests.support.gateways import leftovers, rows, select
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.servers import Server, introduce, make_server, submission

SMALL = make_template(sender="at.moj", recipient="de.bfj", attachment=b"annex " * 2000)
LARGE = make_template(sender="at.moj", recipient="de.bfj", attachment=bytes(range(256)) * 4000)
LARGER = make_template(sender="at.moj", recipient="de.bfj", attachment=bytes(range(256)) * 8000)
BUNDLE = "application/vnd.emla.bundle+json"


@asynccontextmanager
async def acquainted(folder: Path, *, both: bool = False) -> AsyncIterator[tuple[Server, Server]]:
    """AT's running server, and DE's, which was introduced and, unless both are wanted, stopped again."""
    at, de = make_server(folder, "at.moj"), make_server(folder, "de.bfj")
    de.plain = both
    try:
        for server in (at, de):
            server.start()
        for server in (at, de):
            await asyncio.to_thread(server.wait_ready)
        await introduce(at, de)
        if not both:
            assert await asyncio.to_thread(de.stop) == 0
        yield at, de
    finally:
        for server in (at, de):
            if server.process is not None and server.process.poll() is None:
                server.kill()


async def start(server: Server) -> None:
    server.start()
    await asyncio.to_thread(server.wait_ready)


async def ended(server: Server) -> int:
    """Wait for a server to end by itself; its exit code."""
    assert server.process is not None
    return await asyncio.to_thread(server.process.wait, 60)


async def message_count(server: Server) -> int:
    _, found = await get(server, "/v1/messages?limit=1000")
    items = found["items"]
    assert isinstance(items, list)
    return len(items)


# --- disk ---


async def test_below_the_disk_floor_messages_are_refused_and_the_server_is_not_ready(tmp_path: Path) -> None:
    server = make_server(tmp_path, "at.moj")
    server.store = {"disk_floor_bytes": 2**60}
    await start(server)
    try:
        status, answer = await post(server, body_of(SMALL))
        assert (status, answer["code"]) == (507, "disk-full")
        status, ready = await operations(server, "/readyz")
        assert (status, ready["ready"]) == (503, False)
        checks = ready["checks"]
        assert isinstance(checks, dict)
        assert "free" in checks["disk"]
        assert checks["store"] == "ok"
        assert (await operations(server, "/healthz"))[0] == 200
        kept = {name: count for name, count in rows(server.data).items() if count}
        # Its own documents and their leaves, and nothing of the message.
        assert kept == {"migration": len(migrations()), "own": 1, "document": 4, "leaf": 4, "checkpoint": 2}
        assert leftovers(server.data) == []
    finally:
        assert server.stop() == 0


async def test_a_disk_that_fills_up_stops_the_server_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    async with acquainted(tmp_path) as (at, _):
        assert at.process is not None
        wal = (at.data / "emla.db-wal").stat().st_size
        resource.prlimit(at.process.pid, resource.RLIMIT_FSIZE, (wal + 400_000, wal + 400_000))
        acknowledged: list[str] = []
        refused = 0
        for _ in range(100):
            try:
                status, answer = await post(at, body_of(SMALL))
            except OSError:
                break  # it is gone
            if status == 201:
                assert not refused, "acknowledged after the storage failed"
                acknowledged.append(str(answer["pid"]))
            else:
                assert answer["code"] in ("store-failed", "disk-full")
                refused += 1
        assert acknowledged
        assert await ended(at) == 1
        assert not any(line.get("state") == "stopped" for line in log_lines_but_last(at))
        await start(at)
        for pid in acknowledged:
            status, message = await get(at, f"/v1/messages/{pid}")
            assert status == 200
            acknowledgements = message["acknowledgements"]
            assert isinstance(acknowledgements, list)
            assert acknowledgements[0]["event"] == "SubmissionAcceptance"
        assert (await post(at, body_of(SMALL)))[0] == 201
        audit = verify_ledger(at.data)
        assert audit.whole, audit.problems


def log_lines_but_last(server: Server) -> list[dict[str, object]]:
    """The lines of the log that are JSON: the program of the tests prints the error that ended it as text."""
    found: list[dict[str, object]] = []
    for line in server.log.read_text().splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


async def test_a_payload_file_that_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with acquainted(tmp_path) as (at, _):
        assert at.process is not None
        before = rows(at.data)
        resource.prlimit(at.process.pid, resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
        status, answer = await post(at, io.BytesIO(body_of(LARGER)))
        assert (status, answer["code"]) == (507, "disk-full")
        assert leftovers(at.data) == []
        assert rows(at.data) == before
        status, answer = await post(at, body_of(SMALL))
        assert status == 201, answer


async def test_an_accepted_payload_that_is_gone_is_reported_waits_and_holds_up_nobody(tmp_path: Path) -> None:
    async with acquainted(tmp_path, both=True) as (at, de):
        # DE ends between accepting and opening, for its opener stands still; then its disk loses the file.
        os.kill(de.process_ids()[1], signal.SIGSTOP)
        assert (await post(at, body_of(LARGE)))[0] == 201
        await eventually(lambda: leg_row(at)[0] == "ACCEPTED")
        ((pid, state),) = select(de.data, "SELECT pid, state FROM inbox, received WHERE id = received")
        assert state == "ACCEPTED"
        (blob,) = leftovers(de.data)
        kept = blob.read_bytes()
        await asyncio.to_thread(de.kill)
        blob.unlink()
        await start(de)
        await eventually(lambda: any(line["message"] == "payload unreadable" for line in log_lines(de)))
        assert (await post(at, body_of(SMALL), wait=30))[0] == 201
        states = "SELECT state FROM inbox, received WHERE id = received AND pid = ?"
        await eventually(
            lambda: select(de.data, "SELECT count(*) FROM inbox WHERE state = 'CONSIGNED'") == [(1,)]
        )
        assert select(de.data, states, pid) == [("ACCEPTED",)]
        assert await asyncio.to_thread(de.stop) == 0
        blob.write_bytes(kept)
        await start(de)
        await eventually(lambda: select(de.data, states, pid) == [("CONSIGNED",)])


# --- keys ---


@pytest.mark.parametrize("use", ["sign", "ledger", "content", "seal"])
@pytest.mark.parametrize("damage", ["open", "cut", "gone"])
async def test_a_key_that_cannot_be_used_is_named_and_the_start_refused(
    tmp_path: Path, use: str, damage: str
) -> None:
    server = make_server(tmp_path, "at.moj")
    (path,) = (server.data / "keys").glob(f"{use}-*.json")
    if damage == "open":
        path.chmod(0o644)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:40])
    else:
        path.unlink()
    server.start()
    try:
        assert await ended(server) == 4
        log = server.log.read_text()
        assert "unreadable-key" in log
        assert f"{use}-" in log
        assert "Traceback" not in log
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def test_without_a_server_the_command_line_says_so(tmp_path: Path) -> None:
    server = make_server(tmp_path, "at.moj")
    done = run_emla("message", "list", "--data", str(server.data), "--json")
    assert done.returncode == 5
    assert "server-not-running" in done.stdout + done.stderr


# --- peers ---


async def test_a_peer_that_is_down_gets_its_message_when_it_is_up(tmp_path: Path) -> None:
    async with acquainted(tmp_path) as (at, de):
        status, answer = await post(at, body_of(SMALL))
        assert (status, answer["state"]) == (201, "READY")
        await eventually(lambda: leg_row(at)[1] >= 2)
        at.kill()
        before = leg_row(at)
        assert before[0] == "READY"
        assert before[3] == "peer-unreachable"
        await start(at)
        state, attempts, _, _ = leg_row(at)
        assert (state, attempts >= before[1]) == ("READY", True)
        await start(de)
        assert await post_nothing(at, "/v1/peers/de.bfj/ping") == 200
        await eventually(lambda: leg_row(at)[0] == "CONSIGNED")
        assert await message_count(de) == 1


def last_code_is(server: Server, code: str) -> bool:
    return leg_row(server)[3] == code


async def test_whatever_stands_at_the_peers_address_the_leg_waits_and_is_delivered_later(
    tmp_path: Path,
) -> None:
    async with acquainted(tmp_path) as (at, de):
        key = check_tls(de.data / "tls")
        other = write_tls(tmp_path / "other", host="127.0.0.1", now=int(time.time()))
        assert (await post(at, body_of(SMALL)))[0] == 201
        for tls, behaviour, code in (
            (key, answering("200 OK", "text/html", b"<html>It works!</html>"), "http-200"),
            (key, answering("301 Moved", "text/html", b"", "Location: https://127.0.0.1:1/"), "http-301"),
            (key, answering("200 OK", BUNDLE, b"x" * 10_000_000), "peer-nonsense"),
            (key, answering("200 OK", BUNDLE, b'{"not":"a bundle"}'), "malformed"),
            (key, saying(b"\x16\x03\x01garbage\r\n\r\n"), "peer-nonsense"),
            (key, hanging_up, "peer-unreachable"),
            (other, answering("200 OK", BUNDLE, b"{}"), "wrong-pin"),
        ):
            async with evil_peer(tls, behaviour, port=de.port) as there:
                while not there.connections:
                    await post_nothing(at, "/v1/legs/1/retry")
                    await asyncio.sleep(0.1)
                await eventually(partial(last_code_is, at, code))
                assert leg_row(at)[0] == "READY"
                if code == "wrong-pin":
                    assert (there.requests, bytes(there.received)) == (0, b"")
        assert rows(at.data)["acknowledgement"] == 1
        await start(de)
        await post_nothing(at, "/v1/legs/1/retry")
        await eventually(lambda: leg_row(at)[0] == "CONSIGNED")


# --- being told to stop ---


async def test_a_submission_that_waits_for_its_recipient_is_answered_when_the_server_stops(
    tmp_path: Path,
) -> None:
    async with acquainted(tmp_path) as (at, _):
        waiting = asyncio.create_task(post(at, body_of(SMALL), wait=60))
        await eventually(lambda: rows(at.data)["sent"] == 1)
        assert at.process is not None
        at.process.send_signal(signal.SIGTERM)
        status, answer = await waiting
        assert (status, answer["state"]) == (201, "READY")
        assert await ended(at) == 0
        await start(at)
        status, message = await get(at, f"/v1/messages/{answer['pid']}")
        assert (status, message["state"]) == (200, "READY")


async def test_a_submission_in_the_middle_of_its_body_is_finished_and_new_ones_are_refused(
    tmp_path: Path,
) -> None:
    async with acquainted(tmp_path) as (at, _):
        body = submission(fresh(LARGE), [(ATTACHMENT_NAME, LARGE.attachment)])
        reader, writer = await asyncio.open_unix_connection(str(at.data / "emla.sock"))
        head = f"POST /v1/messages HTTP/1.1\r\nHost: emla\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body[: len(body) // 2])
        await writer.drain()
        await eventually(lambda: bool(leftovers(at.data)))
        assert at.process is not None
        at.process.send_signal(signal.SIGTERM)
        await eventually(lambda: refused_as_stopping(at))
        writer.write(body[len(body) // 2 :])
        await writer.drain()
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 201")
        writer.close()
        assert await ended(at) == 0
        assert log_lines(at)[-1]["state"] == "stopped"
        assert [path.parent.parent.name for path in leftovers(at.data)] == ["blobs"]
        await start(at)
        assert await message_count(at) == 1
        assert select(at.data, "SELECT state FROM leg") == [("READY",)]


def refused_as_stopping(server: Server) -> bool:
    """Whether the server says that it takes nothing new."""
    connection = http.client.HTTPConnection("emla", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(server.data / "emla.sock"))
    try:
        connection.request("POST", "/v1/messages", b"\0\0\0\2{}")
        problem = json.loads(connection.getresponse().read())
        return bool(problem["code"] == "stopping")
    finally:
        connection.close()
