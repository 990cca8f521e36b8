"""`make bench`: two real gateways on this machine, the floor measured in the same run, and the ratios between them."""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.bench.ceiling import measure_ceiling
from tests.bench.checks import measure_checks
from tests.bench.drive import Run, drive
from tests.bench.floor import Primitive, primitives
from tests.bench.hanging import cost, show
from tests.bench.share import measure_share
from tests.bench.stored import measure
from tests.support.messages import make_template
from tests.support.servers import running

_RUNS = ((1, 200), (8, 800), (32, 1600), (128, 2400))
_DOCUMENT_BYTES = 8 * 1024
_ATTACHMENT_BYTES = 24 * 1024
_GATES = {32: ("0.7 fsyncs", 0.7), 128: ("0.25 fsyncs", 0.25)}
_FLOOR_SHARES = {32: 0.35, 128: 0.60}
_SPREAD = (8, 4.0)
"""At this concurrency the 99th percentile stays below so many times the median."""


def main() -> int:
    """Print the table; exit code 1 when a ratio is not reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of the packages")
    parser.add_argument(
        "section",
        nargs="?",
        choices=["load", "stored", "checks", "ceiling", "share"],
        default="load",
        help="checks: what checking costs (part of load, too); ceiling: what this stack allows, with nothing of emla in it; "
        "share: what emla's own pure work costs at the least; "
        "stored: with a million stored packages against none; takes minutes and some 25 GB the first time",
    )
    parser.add_argument("--packages", type=int, default=1_000_000, help="how many are stored, with stored")
    parser.add_argument(
        "--at", type=int, choices=[each for each, _ in _RUNS], help="with load: this concurrency alone"
    )
    chosen = parser.parse_args()
    quick = chosen.quick
    template = make_template(
        sender="aa.one",
        recipient="bb.two",
        attachment=os.urandom(_ATTACHMENT_BYTES),
        size_bytes=_DOCUMENT_BYTES,
    )
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()} ({Path(sys.executable).resolve()})"
    )
    print(f"packages of {len(template.data)} B XML + {_ATTACHMENT_BYTES} B attachment, all steps on\n")
    if chosen.section == "checks":
        return measure_checks(template)
    if chosen.section == "ceiling":
        return measure_ceiling(template)
    if chosen.section == "share":
        return measure_share(template)
    if chosen.section == "stored":
        return measure(template, chosen.packages)
    before = primitives(template.data, template.attachment)
    with (
        tempfile.TemporaryDirectory(prefix="emla-bench-") as folder,
        running(Path(folder), "aa.one", "bb.two") as (sender, recipient),
    ):
        asyncio.run(drive(sender, recipient, template, 8, 50))  # warm: connections, caches, first WAL pages
        runs = [
            asyncio.run(drive(sender, recipient, template, concurrency, packages // (4 if quick else 1)))
            for concurrency, packages in _RUNS
            if chosen.at in (None, concurrency)
        ]
        costs = cost(Path(folder), sender, recipient, template, 200 if quick else 800)
    after = primitives(template.data, template.attachment)
    floor = _print_floor(before, after)
    _print_runs(runs, floor)
    failed = measure_checks(template)
    return _judge(runs, floor, show(costs)) or failed


def _print_floor(before: list[Primitive], after: list[Primitive]) -> float:
    """The floor is measured before and after the runs and averaged: a shared machine changes its speed in between."""
    print("floor, CPU microseconds a package (both ends), before and after the runs")
    total = 0.0
    for one, two in zip(before, after, strict=True):
        seconds = (one.seconds + two.seconds) / 2
        total += one.times * seconds
        print(
            f"  {one.name:<26} {one.times} x {one.seconds * 1e6:7.1f} {two.seconds * 1e6:7.1f}"
            f"  = {one.times * seconds * 1e6:7.1f}"
        )
    floor = (os.cpu_count() or 1) / total
    print(f"  {'sum':<26} {total * 1e6:32.1f}  -> {floor:.0f} packages/s\n")
    return floor


def _print_runs(runs: list[Run], floor: float) -> None:
    print(
        "concurrency  packages/s  of floor   p50 ms   p99 ms  CPU ms/pkg  fsyncs/pkg  longest batch wait ms"
    )
    for run in runs:
        print(
            f"{run.concurrency:>11}  {run.rate:>10.0f}  {run.rate / floor:>8.0%}  {run.percentile(0.5) * 1e3:>7.1f}"
            f"  {run.percentile(0.99) * 1e3:>7.1f}  {run.cpu_seconds / run.packages * 1e3:>10.2f}"
            f"  {run.fsyncs / run.packages:>10.2f}  {run.longest_batch_wait_milliseconds:>21.1f}"
        )
    peaks = runs[-1].peak_memory_mebibytes
    print(
        "peak memory MiB: "
        + ", ".join(f"{each:.0f}" for each in peaks)
        + " (gateway, opener, clerk of each side)"
    )


def _judge(runs: list[Run], floor: float, missed: list[str]) -> int:
    for run in runs:
        wanted = _FLOOR_SHARES.get(run.concurrency, 0.0)
        if run.rate / floor < wanted:
            missed.append(
                f"concurrency {run.concurrency} reaches {run.rate / floor:.0%} of the floor, not {wanted:.0%}"
            )
        if run.concurrency == _SPREAD[0] and run.percentile(0.99) >= _SPREAD[1] * run.percentile(0.5):
            missed.append(f"concurrency {run.concurrency}: p99 is not under {_SPREAD[1]:.0f} times p50")
        if run.concurrency in _GATES:
            name, most = _GATES[run.concurrency]
            if run.fsyncs / run.packages > most:
                missed.append(f"concurrency {run.concurrency} needs more than {name} a package")
    for each in missed:
        print("MISSED:", each)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
