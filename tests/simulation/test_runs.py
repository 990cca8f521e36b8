"""The simulation itself: the same seed gives the same run, and what is broken is found and can be repeated."""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from emla.bootstrap.own import DATABASE
from emla.flow.line.deliver import DeliverLeg
from emla.model.errors import IllegalTransitionError, TransportError
from emla.model.leg import LegKind, LegState
from emla.store.sqlite.transaction import SqliteTransaction
from tests.simulation.draw import draw
from tests.simulation.options import HOUR, Death, Kind
from tests.simulation.run import run_options, run_seed, run_seeds
from tests.simulation.scenes import calm_options, messages_between
from tests.simulation.world import World

ROOT = Path(__file__).parents[2]
_TRACE_OF = "from tests.simulation.run import *; print('\\n'.join(run_seed({seed}, Kind('{kind}')).trace))"
SEED_WITH_EVERYTHING = next(
    seed
    for seed in range(1, 100)
    for each in [draw(seed, Kind.LINE)]
    if each.evil and each.hub and each.changes
)
SEED_THAT_ROTS = next(seed for seed in range(1, 100) if draw(seed, Kind.STORAGE).rot)


def trace_in_a_process(seed: int, kind: Kind, hash_seed: str) -> str:
    """What happens in a run of a process of its own, with keys of its own and another order of sets."""
    program = _TRACE_OF.format(seed=seed, kind=kind)
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    ("seed", "kind"), [(SEED_WITH_EVERYTHING, Kind.LINE), (SEED_THAT_ROTS, Kind.STORAGE)]
)
def test_the_same_seed_gives_the_same_run_whatever_the_keys_and_the_hashes_are(seed: int, kind: Kind) -> None:
    here = run_seed(seed, kind)
    assert here.found == ""
    assert "is killed" in "\n".join(here.trace)
    for hash_seed in ("1", "2"):
        assert trace_in_a_process(seed, kind, hash_seed).splitlines() == list(here.trace)


def test_another_seed_gives_another_run() -> None:
    assert run_seed(1, Kind.LINE).trace != run_seed(2, Kind.LINE).trace


def test_a_peer_that_hangs_costs_its_callers_no_processor() -> None:
    """While an attempt hangs there is nothing to start, and nobody looks for it twenty times a second."""
    sender, recipient = "at.moj", "jp.moj"
    deaths = tuple(
        Death(node=each, at=0.5, job=None, step="", before=True, down_seconds=1e6, silently=True)
        for each in (recipient, "de.bfj")
    )
    options = replace(
        calm_options(Kind.LINE),
        planned=messages_between(sender, recipient, 5),
        deaths=deaths,
        safety_seconds=12 * HOUR,
    )
    handled: list[int] = []

    def prepare(world: World) -> None:
        world.loop.call_at(12 * HOUR - 1.0, lambda: handled.append(world.loop.handled))

    assert run_options(options, prepare=prepare).found == ""
    assert handled[0] < 20 * 12 * 60, (
        "some callbacks a minute: what is due each minute, and eight turns for each write"
    )


def test_a_process_that_ends_for_no_fault_of_the_run_is_what_the_run_finds() -> None:
    def prepare(world: World) -> None:
        (world.nodes["at.moj"].data / DATABASE).write_bytes(b"This is no database.")

    ran = run_options(replace(calm_options(Kind.LINE), safety_seconds=10.0), prepare=prepare)
    assert ran.found.startswith("BrokenPromiseError: at.moj ended: StoreError(")
    assert "at.moj ended by itself" not in "\n".join(ran.trace)
    assert ran.virtual_seconds < HOUR


def test_a_fault_of_ours_is_found_and_its_replay_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The canary: a leg that a time-out ends is the oldest mistake of all."""
    deliver = DeliverLeg.__call__

    async def impatient(self: DeliverLeg, leg):  # type: ignore[no-untyped-def]  # stands for the method
        try:
            return await deliver(self, leg)
        except TransportError:
            if leg.kind is not LegKind.PACKAGE or leg.attempts < 2:
                raise

        def give_up(transaction: SqliteTransaction) -> None:
            with suppress(IllegalTransitionError):  # its answer may have come by another way meanwhile
                transaction.move_leg(leg.id, LegState.READY, LegState.EXPIRED)

        await self._gateway.store.write(give_up)  # type: ignore[arg-type]  # the engine's own transaction
        return None

    monkeypatch.setattr(DeliverLeg, "__call__", impatient)
    campaigns = (run_seeds([seed], Kind.LINE) for seed in range(1, 17))
    first = next(each for campaign in campaigns for each in campaign.failures if "[6]" in each.found)
    printed = capsys.readouterr().out
    assert f"make simulate SEED={first.seed}\n" in printed + "\n"
    assert "[6]" in printed
    assert f"kind={Kind.LINE}" in printed
