"""Runs of the simulation: one seed or many, over the processors there are; what they met, and what they found.

A failing seed is printed with everything that was decided for it, the end of what happened, and the command that repeats it.
"""

import logging
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.draw import draw
from tests.simulation.house import house, memory_folder
from tests.simulation.loop import quietly
from tests.simulation.options import Kind, Options
from tests.simulation.ordered import in_order
from tests.simulation.points import Counts, watching
from tests.simulation.world import World

_TRACE_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run: what it met, what happened, and what it found; `found` is empty when every promise held."""

    seed: int
    kind: Kind
    found: str
    counts: Counts
    trace: tuple[str, ...]
    messages: int
    virtual_seconds: float
    quiet_after: float
    seconds: float

    @property
    def replay(self) -> str:
        """The command that runs it once more."""
        return f"make simulate SEED={self.seed}" + ("" if self.kind is Kind.LINE else f" KIND={self.kind}")

    @property
    def report(self) -> str:
        """What somebody needs who has to find the fault."""
        tail = "\n".join(self.trace[-_TRACE_LINES:])
        return (
            f"seed {self.seed} of kind '{self.kind}' found:\n{self.found}\n\n"
            f"decided: {draw(self.seed, self.kind)}\n\nhappened last:\n{tail}\n\nrun it again: {self.replay}"
        )


@dataclass
class Campaign:
    """Many runs."""

    runs: int = 0
    messages: int = 0
    virtual_seconds: float = 0.0
    counts: Counts = field(default_factory=Counts)
    failures: list[Ran] = field(default_factory=list)

    def add(self, ran: Ran) -> None:
        """Count a run."""
        self.runs += 1
        self.messages += ran.messages
        self.virtual_seconds += ran.virtual_seconds
        self.counts.add(ran.counts)
        if ran.found:
            self.failures.append(ran)

    def __str__(self) -> str:
        """In a few lines."""
        counts = self.counts
        return "\n".join(
            (
                f"{self.runs} runs, {len(self.failures)} failed",
                f"{self.messages} messages, {self.virtual_seconds / 86400:.1f} virtual days",
                *(
                    f"{name}: {', '.join(f'{what} {count}' for what, count in sorted(found.items()))}"
                    for name, found in (
                        ("deaths", counts.points),
                        ("edges", counts.edges),
                        ("codes", counts.codes),
                        ("weather", counts.weather),
                    )
                ),
            )
        )


def run_seed(seed: int, kind: Kind) -> Ran:
    """Run one seed in a folder of its own."""
    return run_options(draw(seed, kind))


def run_options(
    options: Options,
    *,
    prepare: Callable[[World], object] = lambda world: None,
    look: Callable[[World], object] = lambda world: None,
) -> Ran:
    """Run what was decided, by a seed or by a test, in a folder of its own.

    Args:
        options: what was decided.
        prepare: is given the world before it begins.
        look: is given the world when it is over and was judged.
    """
    with _no_log():
        house(hub=options.hub)
    with _no_log(), quietly(), in_order():
        return _run_world(options, prepare, look)


def _run_world(options: Options, prepare: Callable[[World], object], look: Callable[[World], object]) -> Ran:
    begun = time.monotonic()
    found = ""
    with tempfile.TemporaryDirectory(prefix="emla-run-", dir=memory_folder()) as folder:
        world = World(Path(folder), options)
        try:
            try:
                with watching(world.counts):
                    prepare(world)
                    world.run()
            finally:
                world.bury()
            look(world)
        except Exception as error:  # noqa: BLE001 (whatever breaks in a run is what the run is for)
            found = f"{type(error).__name__}: {error}"
        world.counts.weather.update(world.network.counts)
    return Ran(
        seed=options.seed,
        kind=options.kind,
        found=found,
        counts=world.counts,
        trace=tuple(world.trace),
        messages=len(options.planned),
        virtual_seconds=world.loop.now,
        quiet_after=world.quiet_after,
        seconds=time.monotonic() - begun,
    )


@contextmanager
def _no_log() -> Iterator[None]:
    """What gateways say about faults that were made on purpose is for nobody."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def run_seeds(seeds: Sequence[int], kind: Kind, *, workers: int = 1) -> Campaign:
    """Run many seeds; print each one that fails, at once."""
    campaign = Campaign()
    if workers == 1:
        runs: Iterator[Ran] = (run_seed(seed, kind) for seed in seeds)
        _gather(campaign, runs)
        return campaign
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        _gather(campaign, pool.imap_unordered(_run, [(seed, kind) for seed in seeds], chunksize=4))
    return campaign


def _run(what: tuple[int, Kind]) -> Ran:
    return run_seed(*what)


def _gather(campaign: Campaign, runs: Iterator[Ran]) -> None:
    for ran in runs:
        campaign.add(ran)
        if ran.found:
            print(ran.report, flush=True)
