"""`make bench ARGS=share`: a lower bound of what a package costs, beside what 35 % of the floor leaves for it (docs/adr/0035).

The bound is what the skeleton takes (`ceiling.py`) and emla's own pure work, each function alone in a warm loop (`meter.py`,
`share_children.py`). It leaves out all that is not pure (statements, tasks, calls, figures, waking up) and what the same code
costs more in its place. So whoever writes the rest better still pays the bound.
"""

import asyncio
import json
import os
import tempfile
from pathlib import Path

from tests.bench.ceiling import skeleton
from tests.bench.drive import Run, drive
from tests.bench.floor import primitives
from tests.bench.meter import STATEMENTS
from tests.bench.share_children import CASES, LINE, RULES, Part, children
from tests.support.messages import Template
from tests.support.servers import make_server, running, started

_AT, _PACKAGES, _AIM = 32, 960, 0.35
_WHAT = (
    ("emla.steps.verify_package.", "header verified", LINE),
    ("emla.steps.verify_acknowledgement.", "acknowledgements verified, with their proofs", LINE),
    ("emla.steps.acknowledge.", "acknowledgements made", LINE),
    ("emla.formats.acknowledgement.", "acknowledgements made", LINE),
    ("emla.steps.address.", "header signed in its place", LINE),
    ("emla.ledger.", "leaves, tree, checkpoint", LINE),
    ("emla.formats.at_rest.", "record sealed", LINE),
    ("emla.formats.act_at_rest.", "act of the case sealed", CASES),
    ("emla.cases.", "case judged", CASES),
    ("emla.rules.", "rules weighed", RULES),
    ("emla.sandbox.", "hand-over", LINE),
    ("emla.", "calls, header's draft, documents current", LINE),
)
"""What a call into a room is, by the first of these that its name begins with, and who asked for it."""


def measure_share(template: Template) -> int:
    """Print the bound and what it is made of. No gate: it judges an aim, not this code."""
    before = _cost(template)
    with tempfile.TemporaryDirectory(prefix="emla-share-") as name:
        folder = Path(name)
        for each in ("bones", "line", "metered"):
            (folder / each).mkdir()
        with (
            running(folder / "line", "aa.one", "bb.two") as (sender, recipient),
            skeleton(folder / "bones") as bones,
        ):
            asyncio.run(drive(sender, recipient, template, 8, 50))
            asyncio.run(drive(*bones, template, 8, 50))
            whole = asyncio.run(drive(sender, recipient, template, _AT, _PACKAGES))
            bare = asyncio.run(drive(*bones, template, _AT, _PACKAGES))
        parts, statements = _gateways(folder / "metered", template)
    parts += children(template)
    cores, floor_seconds = os.cpu_count() or 1, (before + _cost(template)) / 2
    _print_parts(parts)
    _print_bound(parts, whole, bare, statements, cores, floor_seconds)
    return 0


def _cost(template: Template) -> float:
    return sum(each.times * each.seconds for each in primitives(template.data, template.attachment))


def _gateways(folder: Path, template: Template) -> tuple[list[Part], float]:
    """The parts of both gateways, and milliseconds of statements a package."""
    servers = [make_server(folder, each) for each in ("aa.one", "bb.two")]
    for server in servers:
        report = folder / f"{server.id}.json"
        server.first = (
            f"from pathlib import Path; from tests.bench.meter import install; install(Path({str(report)!r}))"
        )
    with started(*servers) as (sender, recipient):
        asyncio.run(drive(sender, recipient, template, _AT, _PACKAGES))
    parts: list[Part] = []
    statements = 0.0
    for process, server in zip(("sender's gateway", "recipient's gateway"), servers, strict=True):
        found = json.loads((folder / f"{server.id}.json").read_text())
        calls, cost = found.pop(STATEMENTS)
        statements += calls * cost / _PACKAGES / 1e3
        parts += _summed(process, found)
    return parts, statements


def _summed(process: str, found: dict[str, tuple[int, float]]) -> list[Part]:
    sums: dict[tuple[str, str], float] = {}
    for name, (calls, cost) in found.items():
        what, asked = next(each[1:] for each in _WHAT if name.startswith(each[0]))
        sums[what, asked] = sums.get((what, asked), 0.0) + calls * cost / _PACKAGES
    return [Part(process, what, asked, cost) for (what, asked), cost in sums.items()]


def _print_parts(parts: list[Part]) -> None:
    print("emla's own pure work, microseconds a package, each function alone in a loop")
    for part in parts:
        if part.microseconds >= 1:
            print(f"  {part.process:<20} {part.name:<48} {part.asked:<8} {part.microseconds:>6.0f}")


def _print_bound(
    parts: list[Part], whole: Run, bare: Run, statements: float, cores: int, floor_seconds: float
) -> None:
    pure = {
        asked: sum(each.microseconds for each in parts if each.asked == asked) / 1e3
        for asked in (LINE, RULES, CASES)
    }
    spent, bones = (run.cpu_seconds / run.packages * 1e3 for run in (whole, bare))
    got = whole.rate * spent / 1e3 / cores
    budget = cores * got / (_AIM * cores / floor_seconds) * 1e3
    bound = bones + sum(pure.values())
    print(
        f"\nfloor {cores / floor_seconds:.0f} packages/s; emla {whole.rate:.0f} packages/s at {_AT}, with {got:.0%} of the cores"
    )
    print(f"{_AIM:.0%} of the floor leaves with that share of the cores  {budget:5.2f} ms a package")
    print(f"  with all of them, which nobody gets                {floor_seconds / _AIM * 1e3:5.2f}")
    print(f"  the skeleton                                       {bones:5.2f}")
    for asked, cost in pure.items():
        print(f"  pure work, asked by {asked:<30} {cost:5.2f}")
    print(f"lower bound                                          {bound:5.2f}")
    print(f"statements that the skeleton does not have, in place {statements:5.2f}")
    print(f"emla                                                 {spent:5.2f}")
