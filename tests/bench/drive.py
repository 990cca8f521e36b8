"""The load: so many submissions at once over the authority's own socket, each waiting for the verified RelayAcceptance.

A bare HTTP client, so that the load generator costs the machine as little as it can.
"""

import asyncio
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp

from tests.support.messages import ATTACHMENT_NAME, Template
from tests.support.servers import submission

_TICKS = os.sysconf("SC_CLK_TCK")


class Driven(Protocol):
    """A gateway as the load sees it: a folder with its socket, and processes."""

    @property
    def id(self) -> str:
        """The authority's id."""
        ...

    @property
    def data(self) -> Path:
        """The data folder."""
        ...

    def client(self) -> aiohttp.ClientSession:
        """A session on the authority API."""
        ...

    def process_ids(self) -> list[int]:
        """The gateway and its children."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run at one concurrency gave. Seconds, and CPU seconds of both gateways with their openers and clerks."""

    concurrency: int
    packages: int
    seconds: float
    latencies: list[float]
    cpu_seconds: float
    fsyncs: int
    peak_memory_mebibytes: tuple[float, ...]
    longest_batch_wait_milliseconds: float

    @property
    def rate(self) -> float:
        return self.packages / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def process_cpu(pid: int) -> float:
    """CPU seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_memory(pid: int) -> float:
    """Peak resident memory in MiB."""
    line = next(
        each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM")
    )
    return int(line.split()[1]) / 1024


async def status(server: Driven) -> dict[str, object]:
    """GET /v1/status."""
    async with server.client() as client, client.get("/v1/status") as answer:
        body = await answer.json()
        assert isinstance(body, dict)
        return body


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> dict[str, object]:
    head = f"POST /v1/messages?wait=60 HTTP/1.1\r\nHost: emla\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in answer.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    found = json.loads(await reader.readexactly(length))
    assert answer.startswith(b"HTTP/1.1 201"), found
    assert isinstance(found, dict)
    return found


async def _submitters(
    sender: Driven, recipient: str, template: Template, concurrency: int, packages: int
) -> list[float]:
    left = packages
    latencies: list[float] = []

    async def one() -> None:
        nonlocal left
        reader, writer = await asyncio.open_unix_connection(str(sender.data / "emla.sock"), limit=1 << 20)
        while left > 0:
            left -= 1
            document = template.fresh()
            body = submission(document, [(ATTACHMENT_NAME, template.attachment)], recipient=recipient)
            begun = time.monotonic()
            found = await _post(reader, writer, body)
            latencies.append(time.monotonic() - begun)
            assert found["state"] in ("ACCEPTED", "CONSIGNED", "HANDED"), found["state"]
        writer.close()

    await asyncio.gather(*(one() for _ in range(concurrency)))
    return latencies


async def drive(
    sender: Driven, recipient: Driven, template: Template, concurrency: int, packages: int
) -> Run:
    """Send packages and wait until the last one is consigned and its ContentConsignment is back and durable."""
    pids = [*sender.process_ids(), *recipient.process_ids()]
    before = [await status(each) for each in (sender, recipient)]
    cpu = sum(process_cpu(pid) for pid in pids)
    begun = time.monotonic()
    latencies = await _submitters(sender, recipient.id, template, concurrency, packages)
    expected = _count(before[0], "CONSIGNED") + packages
    while _count(await status(sender), "CONSIGNED") < expected:
        await asyncio.sleep(0.05)
    seconds = time.monotonic() - begun
    after = [await status(each) for each in (sender, recipient)]
    return Run(
        concurrency=concurrency,
        packages=packages,
        seconds=seconds,
        latencies=latencies,
        cpu_seconds=sum(process_cpu(pid) for pid in pids) - cpu,
        fsyncs=sum(
            _number(new, "fsyncs") - _number(old, "fsyncs") for new, old in zip(after, before, strict=True)
        ),
        peak_memory_mebibytes=tuple(peak_memory(pid) for pid in pids),
        longest_batch_wait_milliseconds=max(
            float(str(each["batch_wait_milliseconds_longest"])) for each in after
        ),
    )


def _count(found: dict[str, object], state: str) -> int:
    legs = found["legs"]
    assert isinstance(legs, dict)
    return int(legs.get(state, 0))


def _number(found: dict[str, object], name: str) -> int:
    return int(str(found[name]))
