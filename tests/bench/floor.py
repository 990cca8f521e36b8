"""The floor: what the same primitives cost alone, in this run, on this machine.

Floor = cores / (CPU seconds of one package's primitives at both ends + two bare HTTP round trips). Measured with every core busy,
as it is when the gateways run: a core whose neighbour works too is slower. Counted: what the line cannot do without, once each
(XSD at both ends, hybrid seal, bulk encryption, hashes, signatures, the rows and their shared fsync). Not counted, so the floor
is high: JSON, manifest, records, Merkle tree, checkpoints, TLS, the opener's channel, the third HTTP call.
"""

import asyncio
import hashlib
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from lxml import etree

from emla.bootstrap.schema_folder import schema_folder
from emla.formats import cc1, ed1, h1
from emla.store.sqlite import schema

_ROUNDS = 200
_ROWS_A_COMMIT = 32
_HTTP_ROUNDS = 1500
_HTTP_CONCURRENCY = 32


@dataclass(frozen=True, slots=True)
class Primitive:
    """One primitive: how often a package needs it at both ends together, and its CPU seconds."""

    name: str
    times: int
    seconds: float


def cpu_seconds(action: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """CPU seconds of one call, the median of five runs."""
    runs = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(rounds):
            action()
        runs.append((time.process_time() - begun) / rounds)
    return statistics.median(runs)


def primitives(document: bytes, attachment: bytes) -> list[Primitive]:
    """Measure every primitive on this document and attachment, on all cores at once; the mean of the cores."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(_primitives, [document] * cores, [attachment] * cores))
    return [
        Primitive(same[0].name, same[0].times, statistics.mean(each.seconds for each in same))
        for same in zip(*found, strict=True)
    ] + [
        Primitive("bare HTTP round trip", 2, asyncio.run(_http(cc1.sealed_size(len(document + attachment)))))
    ]


def _primitives(document: bytes, attachment: bytes) -> list[Primitive]:
    message_schema = etree.XMLSchema(etree.parse(schema_folder() / "1.0" / "request.xsd"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    key = h1.SealingKey(os.urandom(32))
    cek, binding = os.urandom(32), os.urandom(32)
    stanza = h1.wrap(key.public, cek, binding)
    stream = document + attachment
    sealed = cc1.seal_all(cek, stream)
    signer = ed1.SigningKey(os.urandom(32), "0" * 32)
    message = os.urandom(2600)
    sig = signer.sign(message)
    return [
        Primitive(
            "XML parse + XSD",
            2,
            cpu_seconds(lambda: message_schema.validate(etree.fromstring(document, parser))),
        ),
        Primitive("HPKE seal (X-Wing)", 1, cpu_seconds(lambda: h1.wrap(key.public, cek, binding))),
        Primitive("HPKE open (X-Wing)", 1, cpu_seconds(lambda: key.unwrap(stanza, binding))),
        Primitive("ChaCha20-Poly1305 seal", 1, cpu_seconds(lambda: cc1.seal_all(cek, stream))),
        Primitive("ChaCha20-Poly1305 open", 1, cpu_seconds(lambda: cc1.open_all(cek, sealed))),
        Primitive("SHA-256 of the payload", 4, cpu_seconds(lambda: hashlib.sha256(sealed).digest())),
        Primitive("Ed25519 sign", 4, cpu_seconds(lambda: signer.sign(message))),
        Primitive("Ed25519 verify", 3, cpu_seconds(lambda: ed1.verify(signer.public, message, sig))),
        Primitive("durable rows, 32 a commit", 2, _rows(sealed, message)),
    ]


def _rows(payload: bytes, signed: bytes) -> float:
    """CPU seconds of one package's rows at one end, 32 packages a synced commit: payload, header, acknowledgement."""
    with tempfile.TemporaryDirectory(prefix="emla-floor-") as folder:
        connection = schema.connect_writer(Path(folder) / "rows.db")
        connection.execute("CREATE TABLE payload (sha256 BLOB PRIMARY KEY, body BLOB)")
        connection.execute("CREATE TABLE signed (id BLOB PRIMARY KEY, body BLOB)")

        def batch() -> None:
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(_ROWS_A_COMMIT):
                connection.execute("INSERT INTO payload VALUES (?, ?)", (os.urandom(32), payload))
                for _ in range(2):
                    connection.execute("INSERT INTO signed VALUES (?, ?)", (os.urandom(32), signed))
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

        seconds = cpu_seconds(batch, 4) / _ROWS_A_COMMIT
        connection.close()
        return seconds


_SERVER = """
import sys, time
from aiohttp import web
async def put(http_request):
    await http_request.read()
    return web.Response(body=b"x" * 2600)
async def cpu(http_request):
    return web.Response(text=str(time.process_time()))
app = web.Application(client_max_size=1 << 20)
app.router.add_put("/put", put)
app.router.add_get("/cpu", cpu)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
"""


async def _http(size: int) -> float:
    """CPU seconds of one bare aiohttp round trip, both processes together."""
    from tests.support.ports import free_port

    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(port)])
    body = os.urandom(size)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            await _until_up(session)

            async def worker(rounds: int) -> None:
                for _ in range(rounds):
                    async with session.put("/put", data=body) as answer:
                        await answer.read()

            async def both() -> float:
                async with session.get("/cpu") as answer:
                    return float(await answer.text()) + time.process_time()

            runs = []
            for _ in range(3):
                before = await both()
                each = _HTTP_ROUNDS // _HTTP_CONCURRENCY // 3
                await asyncio.gather(*(worker(each) for _ in range(_HTTP_CONCURRENCY)))
                runs.append((await both() - before) / (each * _HTTP_CONCURRENCY))
            return statistics.median(runs)
    finally:
        server.terminate()
        server.wait()


async def _until_up(session: aiohttp.ClientSession) -> None:
    for _ in range(200):
        try:
            async with session.get("/cpu"):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
    raise AssertionError("The bare server did not start.")
