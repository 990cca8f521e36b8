"""`make bench ARGS=stored`: two gateways with a million stored packages beside two with none, driven in turn.

The folders are made once and kept below `build/bench` (some 25 GB with a million packages); a later run starts them as they are.
Both pairs run all the time and take turns, so that a machine that changes its speed changes it for both.
"""

import asyncio
import hashlib
import json
import os
import shutil
import statistics
import time
from pathlib import Path

from emla.bootstrap.initialise import Initialised
from emla.bootstrap.own import own_authority
from emla.store.sqlite.schema import migrations
from tests.bench import fill as fill_module
from tests.bench.drive import Run, drive
from tests.bench.fill import fill, sizes
from tests.support.messages import Template
from tests.support.servers import ROOT, Server, introduce, make_server

SENDER, RECIPIENT = "aa.one", "bb.two"
CONCURRENCY = 32
ROUNDS = 11
PACKAGES_A_ROUND = 800
PACKAGES_BEFORE = 8000
"""So many each pair exchanges first: each touches a page of its own in every index over hashes, of which a gateway that has run
for a day holds most in memory."""
RATIO = 0.9
_PLACE = "place.json"


def folder_for(packages: int) -> Path:
    """Where the folders of so many packages are kept; another schema has another place, and so has another way to fill it."""
    made_by = Path(fill_module.__file__).read_bytes()
    shape = hashlib.sha256("".join(sql for _, _, sql in migrations()).encode() + made_by).hexdigest()[:12]
    return ROOT / "build" / "bench" / f"stored-{packages}-{shape}"


def make_pair(folder: Path, template: Template, packages: int) -> None:
    """Two authorities that know each other and exchanged one package, and then all the others in their databases."""
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    servers = [make_server(making, name) for name in (SENDER, RECIPIENT)]
    start(servers)
    asyncio.run(introduce(*servers))
    asyncio.run(drive(servers[0], servers[1], template, 1, 1))
    stop(servers)
    places = {each.id: [each.port, each.operations_port] for each in servers}
    for each in servers:
        begun = time.monotonic()
        if packages:
            fill(each.data, packages, int(time.time()), sender=each.id == SENDER)
            print(
                f"  {each.id}: {', '.join(sizes(each.data))}, made in {time.monotonic() - begun:.0f} s",
                flush=True,
            )
    (making / _PLACE).write_text(json.dumps(places))
    making.rename(folder)


def pair_in(folder: Path) -> list[Server]:
    """The servers of folders that were made before."""
    places = json.loads((folder / _PLACE).read_text())
    return [
        Server(
            data=folder / name,
            made=Initialised(
                authority=own_authority(folder / name),
                fingerprint="",
                documents=folder,
                settings=folder,
                root_key=folder,
            ),
            port=port,
            operations_port=operations,
        )
        for name, (port, operations) in places.items()
    ]


def start(servers: list[Server]) -> None:
    """Start servers and wait until they answer."""
    for each in servers:
        each.start()
    for each in servers:
        each.wait_ready(600)


def stop(servers: list[Server]) -> None:
    """Stop whatever runs."""
    for each in servers:
        if each.process is not None and each.process.poll() is None:
            each.stop()


def measure(template: Template, packages: int) -> int:
    """Print the table; exit code 1 when the ratio is not reached."""
    kept, empty = folder_for(packages), folder_for(0)
    shutil.rmtree(empty, ignore_errors=True)  # empty is empty
    for folder, count in ((kept, packages), (empty, 0)):
        if not folder.exists():
            make_pair(folder, template, count)
    full, none = pair_in(kept), pair_in(empty)
    print(
        f"stored: {', '.join(sizes(full[0].data))} at the sender; {', '.join(sizes(full[1].data))} at the recipient"
    )
    try:
        begun = time.monotonic()
        start(full)
        print(f"both start, the ledger recomputed, in {time.monotonic() - begun:.1f} s")
        start(none)
        runs: dict[str, list[Run]] = {"stored": [], "empty": []}
        # What filling left to be written back, and caches that are not warm yet, are no cost of what is stored.
        os.sync()
        for servers in (full, none):
            asyncio.run(drive(servers[0], servers[1], template, CONCURRENCY, PACKAGES_BEFORE))
        for _ in range(ROUNDS):
            for name, servers in (("empty", none), ("stored", full)):
                run = asyncio.run(drive(servers[0], servers[1], template, CONCURRENCY, PACKAGES_A_ROUND))
                runs[name].append(run)
    finally:
        stop(full)
        stop(none)
    return _judge(runs)


def _judge(runs: dict[str, list[Run]]) -> int:
    print("round  empty/s  stored/s  ratio  CPU ms a package, empty  stored")
    ratios = []
    for number, (empty, stored) in enumerate(zip(runs["empty"], runs["stored"], strict=True), 1):
        ratios.append(stored.rate / empty.rate)
        cpu = [each.cpu_seconds / each.packages * 1000 for each in (empty, stored)]
        print(
            f"{number:>5}  {empty.rate:>7.0f}  {stored.rate:>8.0f}  {ratios[-1]:>5.2f}  {cpu[0]:>23.2f}  {cpu[1]:>6.2f}"
        )
    middle = statistics.median(ratios)
    peaks = runs["stored"][-1].peak_memory_mebibytes
    print(
        f"median of the ratios: {middle:.2f}; peak memory MiB with what is stored: "
        + ", ".join(f"{each:.0f}" for each in peaks)
    )
    if middle < RATIO:
        print(f"MISSED: with what is stored it reaches {middle:.0%} of an empty store, not {RATIO:.0%}")
        return 1
    return 0
