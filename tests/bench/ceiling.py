"""The ceiling of this stack: the same load on a skeleton of the line, which has everything but emla (`skeleton.py`).

What stands between the skeleton and the floor is what sockets, hand-overs, commits and the interpreter cost anybody here; what
stands between emla and the skeleton is what emla does. Both are measured in turns, because a shared machine changes its speed.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from emla.keyring.tls import write_tls
from tests.bench.drive import Driven, Run, drive
from tests.bench.floor import primitives
from tests.support.messages import Template
from tests.support.ports import free_port
from tests.support.servers import ROOT, running

_LOADS = ((32, 1200), (128, 1800))
_ROUNDS = 3


@dataclass
class Bones:
    """One side: its folder and its process. What `drive` asks of a server."""

    id: str
    data: Path
    process: "subprocess.Popen[bytes]"

    def client(self) -> aiohttp.ClientSession:
        """A session on its own socket."""
        return aiohttp.ClientSession(
            "http://bones", connector=aiohttp.UnixConnector(str(self.data / "emla.sock"))
        )

    def process_ids(self) -> list[int]:
        """The gateway and its child."""
        own = self.process.pid
        return [own, *map(int, Path(f"/proc/{own}/task/{own}/children").read_text().split())]


@contextmanager
def skeleton(folder: Path) -> Iterator[tuple[Bones, Bones]]:
    """Both sides, ready; ended afterwards."""
    ports = {"sender": free_port(), "recipient": free_port()}
    sides: list[Bones] = []
    try:
        for role, other in (("recipient", "sender"), ("sender", "recipient")):
            data = folder / role
            data.mkdir()
            write_tls(data / "tls", host="127.0.0.1", now=int(time.time()))
            command = [sys.executable, "-m", "tests.bench.skeleton", role]
            given = [str(data), str(ports[role]), str(ports[other])]
            process = subprocess.Popen(command + given, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
            sides.append(Bones(role, data, process))
        for each in sides:
            _wait(each)
        yield sides[1], sides[0]
    finally:
        for each in sides:
            each.process.terminate()
            each.process.wait()


def _wait(side: Bones) -> None:
    for _ in range(600):
        if side.process.poll() is not None:
            raise AssertionError(f"The skeleton's {side.id} ended.")
        if (side.data / "emla.sock").exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"The skeleton's {side.id} did not start.")


def measure_ceiling(template: Template) -> int:
    """Print what the skeleton reaches beside the line, of the floor of this run: the medians of rounds in turns. No gate."""
    before = _cost(template)
    with tempfile.TemporaryDirectory(prefix="emla-ceiling-") as name:
        folder = Path(name)
        for each in ("bones", "line"):
            (folder / each).mkdir()
        with (
            running(folder / "line", "aa.one", "bb.two") as (sender, recipient),
            skeleton(folder / "bones") as bones,
        ):
            runs = _runs({"skeleton": bones, "emla": (sender, recipient)}, template)
    floor = (os.cpu_count() or 1) / ((before + _cost(template)) / 2)
    print(f"floor {floor:.0f} packages/s")
    print("          concurrency  packages/s  of floor  CPU ms/pkg  fsyncs/pkg")
    for (name, concurrency), several in runs.items():
        rate, seconds, fsyncs = (
            statistics.median(each)
            for each in zip(
                *((run.rate, run.cpu_seconds / run.packages, run.fsyncs / run.packages) for run in several),
                strict=True,
            )
        )
        print(
            f"{name:<10}{concurrency:>11}  {rate:>10.0f}  {rate / floor:>8.0%}  {seconds * 1e3:>10.2f}  {fsyncs:>10.2f}"
        )
    return 0


def _cost(template: Template) -> float:
    return sum(each.times * each.seconds for each in primitives(template.data, template.attachment))


def _runs(sides: dict[str, tuple[Driven, Driven]], template: Template) -> dict[tuple[str, int], list[Run]]:
    found: dict[tuple[str, int], list[Run]] = {}
    for each in sides.values():
        asyncio.run(drive(*each, template, 8, 50))
    for _ in range(_ROUNDS):
        for concurrency, packages in _LOADS:
            for name, each in sides.items():
                run = asyncio.run(drive(*each, template, concurrency, packages))
                found.setdefault((name, concurrency), []).append(run)
    return found
