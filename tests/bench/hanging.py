"""What one bad peer costs the others: the line's throughput while packages wait for a peer that hangs or crawls, against the same
line without it, in turns, so that a machine that changes its speed changes it for both.
"""

import asyncio
import contextlib
import secrets
import ssl
import statistics
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emla.keyring.tls import TlsFiles, check_tls
from tests.bench.drive import drive
from tests.support.messages import ATTACHMENT_NAME, Template, make_template
from tests.support.servers import Server, make_server, submission

CONCURRENCY = 32
ROUNDS = 3
SHARE_LEAST = 0.9
_WAITING = 128
"""Packages that wait for the bad peer: twice the window of a destination."""
_READ_BYTES = 256
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Packages a second on the good line, without and with the bad peer, round by round."""

    kind: str
    alone: tuple[float, ...]
    beside: tuple[float, ...]

    @property
    def share(self) -> float:
        """What is left of the throughput: the median of the rounds."""
        return statistics.median(b / a for a, b in zip(self.alone, self.beside, strict=True))


class BadPeer:
    """Stands at a peer's address with its key, on a thread of its own. It hangs, or takes a call by drips; it never answers."""

    def __init__(self, tls: TlsFiles, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(tls.certificate, tls.key)
        self._port = port
        self._loop = asyncio.new_event_loop()
        self.calls = 0

    async def _hang(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()  # nobody reads: what is sent stands in buffers

    async def _crawl(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while await reader.read(_READ_BYTES):
                await asyncio.sleep(_PAUSE_SECONDS)

    @contextlib.contextmanager
    def standing(self, kind: str) -> Iterator[None]:
        """Be there."""
        behaviour = self._hang if kind == "hangs" else self._crawl

        async def serve() -> asyncio.Server:
            return await asyncio.start_server(
                behaviour, "127.0.0.1", self._port, ssl=self._context, limit=_READ_BYTES
            )

        server = self._loop.run_until_complete(serve())
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._end, server)
            thread.join()

    def _end(self, server: asyncio.Server) -> None:
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_later(0.1, self._loop.stop)


async def _pin(sender: Server, bad: Server) -> None:
    async with sender.client() as client:
        answer = await client.post(
            "/v1/peers",
            params={"fingerprint": bad.made.fingerprint},
            data=bad.made.documents.read_bytes(),
        )
        assert answer.status == 201, await answer.text()


async def _queue(sender: Server, bad: Server) -> None:
    """Hand in packages for the bad peer and do not wait for them."""
    template = make_template(sender=sender.id, recipient=bad.id, attachment=secrets.token_bytes(24 * 1024))
    async with sender.client() as client:
        for _ in range(_WAITING):
            document = template.fresh()
            answer = await client.post(
                "/v1/messages", data=submission(document, [(ATTACHMENT_NAME, template.attachment)])
            )
            assert answer.status in (201, 202), await answer.text()


def cost(folder: Path, sender: Server, recipient: Server, template: Template, packages: int) -> list[Cost]:
    """Measure the line alone and beside a peer that hangs, and one that crawls."""
    costs = []
    for kind in ("hangs", "crawls"):
        alone, beside = [], []
        for number in range(ROUNDS):
            # Another one each time: the relay has learnt to leave the one before alone.
            bad = make_server(folder, f"xx.{kind}{number}")
            asyncio.run(_pin(sender, bad))
            peer = BadPeer(check_tls(bad.data / "tls"), bad.port)
            alone.append(asyncio.run(drive(sender, recipient, template, CONCURRENCY, packages)).rate)
            with peer.standing(kind):
                asyncio.run(_queue(sender, bad))
                beside.append(asyncio.run(drive(sender, recipient, template, CONCURRENCY, packages)).rate)
            assert peer.calls, "the bad peer was never called"
        costs.append(Cost(kind=kind, alone=tuple(alone), beside=tuple(beside)))
    return costs


def show(costs: list[Cost]) -> list[str]:
    """Print the section; what was missed."""
    print("\na bad peer beside the line (packages/s alone, beside it, share that is left)")
    missed = []
    for each in costs:
        pairs = ", ".join(f"{a:.0f} {b:.0f}" for a, b in zip(each.alone, each.beside, strict=True))
        verdict = "ok" if each.share >= SHARE_LEAST else "MISSED"
        print(f"  {each.kind:<7} {pairs}  -> {each.share:.0%} ({verdict}: at least {SHARE_LEAST:.0%})")
        if verdict == "MISSED":
            missed.append(
                f"a peer that {each.kind} leaves the others {each.share:.0%}, not {SHARE_LEAST:.0%}"
            )
    return missed
