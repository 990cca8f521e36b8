"""The skeleton: the line without emla, as processes. Started as ``python -m tests.bench.skeleton ROLE ...`` by `ceiling.py`.

Here: four processes that do for each package what no gateway on this stack can leave out: the same exchanges over the same kinds
of socket with aiohttp and uvloop, the same hand-overs to two children, the primitives of the floor (`floor.py`), rows in a
synced commit that everybody who waits shares. Not here: whatever emla is. No JSON but the submitter's answer; no header,
manifest, record, ledger, rule, state or limit; nothing is looked up, nothing can be refused. So what is written for this stack
and these processes stays below what this reaches.
"""

import asyncio
import gc
import hashlib
import os
import ssl
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web

from emla.formats import ed1
from emla.model.limits import WIRE
from emla.store.sqlite import schema
from tests.bench.skeleton_children import STANZA_BYTES, Child, framed, frames_of, start

SIGNED_BYTES = 2600
"""Header, acknowledgement and bundle, as in the floor."""
_SEED, _KEY_ID = bytes(32), "0" * 32
_PATIENCE_SECONDS = 0.05
_COPY_BACK_BYTES = 32 * 1024 * 1024
Row = tuple[str, bytes, bytes]


# --- what both gateways have ---


class _Writer:
    """Whatever is there when a commit has ended is the next batch; statements on the loop, the commit on a thread."""

    def __init__(self, path: Path) -> None:
        self._connection = schema.connect_writer(path)
        for table in ("payload", "signed"):
            self._connection.execute(f"CREATE TABLE {table} (id BLOB PRIMARY KEY, body BLOB)")
        self._thread = ThreadPoolExecutor(1)
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[Callable[[], list[Row]], asyncio.Future[None]]] = []
        self._busy = self._hurried = False
        self._timer: asyncio.TimerHandle | None = None
        self._written = 0
        self.commits = 0

    def write(self, rows: Callable[[], list[Row]], *, patient: bool = False) -> "asyncio.Future[None]":
        done = self._loop.create_future()
        self._waiting.append((rows, done))
        self._hurried |= not patient
        self._schedule()
        return done

    def _schedule(self) -> None:
        if self._busy or not self._waiting:
            return
        if self._hurried:
            self._busy = True
            self._loop.call_soon(self._begin)
        elif self._timer is None:
            self._timer = self._loop.call_later(_PATIENCE_SECONDS, self._patience_ends)

    def _patience_ends(self) -> None:
        self._timer = None
        self._hurried = True
        self._schedule()

    def _begin(self) -> None:
        batch, self._waiting, self._hurried = self._waiting, [], False
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for rows, _ in batch:
            for table, id_, body in rows():
                execute(f"INSERT INTO {table} VALUES (?, ?)", (id_, body))
                self._written += len(body)
        self.commits += 1
        self._loop.run_in_executor(self._thread, self._commit).add_done_callback(
            lambda done: self._ended(batch, done)
        )

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _ended(
        self,
        batch: list[tuple[Callable[[], list[Row]], "asyncio.Future[None]"]],
        done: "asyncio.Future[None]",
    ) -> None:
        done.result()
        for _, each in batch:
            each.set_result(None)
        if self._written > _COPY_BACK_BYTES:
            self._written = 0
            self._loop.run_in_executor(self._thread, self._copy_back).add_done_callback(self._next)
        else:
            self._next(done)

    def _copy_back(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _next(self, done: "asyncio.Future[None]") -> None:
        done.result()
        self._busy = False
        self._schedule()


class _Together:
    """What is there in the same turn travels in one call; the answers come back in the order of the items."""

    def __init__(self, session: aiohttp.ClientSession, url: str, most: int) -> None:
        self._session, self._url, self._most = session, url, most
        self._items: list[tuple[bytes, asyncio.Future[bytes]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def hold(self, task: "asyncio.Task[None]") -> None:
        """Keep a task until it is done: the loop alone does not."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def __call__(self, item: bytes) -> "asyncio.Future[bytes]":
        loop = asyncio.get_running_loop()
        if not self._items:
            loop.call_soon(self._go)
        answer: asyncio.Future[bytes] = loop.create_future()
        self._items.append((item, answer))
        return answer

    def _go(self) -> None:
        items, self._items = self._items, []
        for begin in range(0, len(items), self._most):
            self.hold(asyncio.create_task(self._call(items[begin : begin + self._most])))

    async def _call(self, items: list[tuple[bytes, "asyncio.Future[bytes]"]]) -> None:
        body = framed([item for item, _ in items])
        async with self._session.post(self._url, data=body) as response:
            answers, _ = frames_of(await response.read())
        for (_, waiting), answer in zip(items, answers, strict=True):
            waiting.set_result(answer)


def _session() -> aiohttp.ClientSession:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=16),
        auto_decompress=False,
        skip_auto_headers=("Accept-Encoding", "User-Agent", "Accept"),
    )


async def _listen(routes: list[web.RouteDef], **where: object) -> None:
    application = web.Application(client_max_size=4 << 20)
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None, auto_decompress=False)
    await runner.setup()
    if "path" in where:
        await web.UnixSite(runner, str(where["path"]), backlog=512).start()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        tls = Path(str(where["tls"]))
        context.load_cert_chain(tls / "certificate.pem", tls / "key.pem")
        await web.TCPSite(
            runner, "127.0.0.1", int(str(where["port"])), ssl_context=context, backlog=512
        ).start()


class _Gateway:
    """What both sides hold: a key, a writer, the line to the peer."""

    def __init__(self, folder: Path, peer_port: int, path: str, most: int) -> None:
        self.signer = ed1.SigningKey(_SEED, _KEY_ID)
        self.writer = _Writer(folder / "rows.db")
        self.push = _Together(_session(), f"https://127.0.0.1:{peer_port}{path}", most)
        self.delivered = 0

    def signed(self) -> bytes:
        """A new object of the usual size with its signature."""
        message = os.urandom(SIGNED_BYTES - 64)
        return message + self.signer.sign(message)

    def verify(self, signed: bytes) -> None:
        if not ed1.verify(self.signer.public, signed[:-64], signed[-64:]):
            raise AssertionError("A signature does not verify.")

    async def status(self, http_request: web.Request) -> web.Response:
        """GET /v1/status, as far as the bench asks it."""
        return web.json_response(
            {
                "legs": {"CONSIGNED": self.delivered},
                "fsyncs": self.writer.commits,
                "batch_wait_milliseconds_longest": 0,
            }
        )


def _stored(signed: bytes) -> Row:
    return "signed", os.urandom(32), signed


def _rows_of(signed: bytes) -> list[Row]:
    return [_stored(signed)]


class Sender(_Gateway):
    """Takes submissions, brings packages, takes acknowledgements."""

    child: Child

    async def submit(self, http_request: web.Request) -> web.Response:
        """POST /v1/messages."""
        package = await self.child.ask(await http_request.read())
        digest = hashlib.sha256(memoryview(package)[STANZA_BYTES:]).digest()
        header = b""

        def rows() -> list[Row]:
            nonlocal header
            header = self.signed()
            return [("payload", digest, package), _stored(header)]

        await self.writer.write(rows)
        accepted = await self.push(header + package)
        self.verify(accepted)
        await self.writer.write(partial(_rows_of, accepted))
        return web.json_response({"state": "ACCEPTED"}, status=201)

    async def acknowledgements(self, http_request: web.Request) -> web.Response:
        """POST /acknowledgements."""
        pushed, _ = frames_of(await http_request.read())
        done = []
        for signed in pushed:
            self.verify(signed)
            done.append(self.writer.write(partial(_rows_of, signed)))
        await asyncio.gather(*done)
        self.delivered += len(pushed)
        return web.Response(body=framed([b"."] * len(pushed)))


class Recipient(_Gateway):
    """Takes packages, has them opened, pushes acknowledgements."""

    child: Child

    async def packages(self, http_request: web.Request) -> web.Response:
        """POST /packages."""
        offered, _ = frames_of(await http_request.read())
        return web.Response(body=framed(await asyncio.gather(*map(self._accept, offered))))

    async def _accept(self, offered: bytes) -> bytes:
        header, package = offered[:SIGNED_BYTES], offered[SIGNED_BYTES:]
        self.verify(header)
        digest = hashlib.sha256(memoryview(package)[STANZA_BYTES:]).digest()
        accepted = b""

        def rows() -> list[Row]:
            nonlocal accepted
            accepted = self.signed()
            return [("payload", digest, package), _stored(accepted)]

        await self.writer.write(rows)
        self.push.hold(asyncio.create_task(self._open(package)))
        return accepted

    async def _open(self, package: bytes) -> None:
        await self.child.ask(package)
        consigned = b""

        def rows() -> list[Row]:
            nonlocal consigned
            consigned = self.signed()
            return [_stored(consigned)]

        await self.writer.write(rows, patient=True)
        await self.push(consigned)
        self.delivered += 1


async def _serve(role: str, folder: Path, port: int, peer_port: int) -> None:
    if role == "sender":
        sender = Sender(folder, peer_port, "/packages", WIRE.packages)
        sender.child = await start("clerk")
        routes = [web.post("/acknowledgements", sender.acknowledgements)]
        desk = [web.post("/v1/messages", sender.submit), web.get("/v1/status", sender.status)]
    else:
        recipient = Recipient(folder, peer_port, "/acknowledgements", WIRE.bundles)
        recipient.child = await start("opener")
        routes = [web.post("/packages", recipient.packages)]
        desk = [web.get("/v1/status", recipient.status)]
    await _listen(routes, port=port, tls=folder / "tls")
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    await _listen(desk, path=folder / "emla.sock")
    await asyncio.Event().wait()


def main() -> None:
    """``sender|recipient FOLDER PORT PEER_PORT``."""
    role, folder, port, peer_port = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(role, Path(folder), int(port), int(peer_port)))


if __name__ == "__main__":
    main()
