"""What the judge of a run must find: each test breaks one promise in the code, with every signature in order."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from emla.flow.line.accept import Accept
from emla.flow.line.deliver import DeliverLeg
from emla.flow.line.hand_over import HandOver
from emla.flow.line.open import Open
from emla.model.leg import Leg
from emla.model.package import VerifiedPackage
from emla.ports.sandbox import Verdict
from emla.store.sqlite import writer
from emla.store.sqlite.batch import BatchRunner, Operation, Outcome
from tests.simulation.options import Death, Kind
from tests.simulation.run import run_options
from tests.simulation.scenes import calm_options, messages_between

SENDER, RECIPIENT = "at.moj", "jp.moj"
OPTIONS = replace(
    calm_options(Kind.LINE),
    planned=tuple(replace(each, read=True) for each in messages_between(SENDER, RECIPIENT, 3)),
)


async def give_up_at_once(self: DeliverLeg, leg: Leg) -> None:
    """In the place of `DeliverLeg._package`."""
    row = self._gateway.store.read.sent(leg.ref)
    assert row is not None
    await self._expire(row)


async def refuse(self: Accept, package: VerifiedPackage) -> object:
    """In the place of `Accept._refuse_conflict`."""
    return await self._reject(package, "expired")


async def blame(self: Open, row: object) -> Verdict:
    """In the place of `Open._judge`."""
    return Verdict(code="three-strikes", record=b"")


async def say_nothing(self: HandOver, *_: object) -> None:
    """In the place of `HandOver._record_hand_over`."""


@pytest.mark.parametrize(
    ("kind", "name", "wrong", "found"),
    [
        (DeliverLeg, "_package", give_up_at_once, "RelayFailure says 'expired'"),
        (Accept, "_refuse_conflict", refuse, "RelayRejection says 'expired'"),
        (Open, "_judge", blame, "QUARANTINED, three-strikes"),
        (HandOver, "_record_hand_over", say_nothing, "[25]"),
    ],
)
def test_an_ending_that_nothing_explains_is_a_loss_however_well_it_is_signed(
    monkeypatch: pytest.MonkeyPatch, kind: type, name: str, wrong: Callable[..., object], found: str
) -> None:
    monkeypatch.setattr(kind, name, wrong)
    assert found in run_options(OPTIONS).found


@pytest.mark.parametrize("silently", [False, True])
def test_an_answer_that_leaves_before_its_commit_is_found_when_the_process_dies_between_them(
    monkeypatch: pytest.MonkeyPatch, *, silently: bool
) -> None:
    prepare, run = BatchRunner.prepare, writer.Writer._run
    outcomes: list[list[Outcome] | None] = []

    def noting(self: BatchRunner, operations: Sequence[Operation]) -> list[Outcome] | None:
        outcomes.append(prepare(self, operations))
        return outcomes[-1]

    def hasty(self: writer.Writer, batch: list[writer._Work], rounds: int) -> None:
        run(self, batch, rounds)
        if any("Accept._commit" in each.operation.__qualname__ for each in batch):
            writer._deliver(batch, outcomes[-1] or [])

    monkeypatch.setattr(BatchRunner, "prepare", noting)
    monkeypatch.setattr(writer.Writer, "_run", hasty)
    death = Death(
        node=RECIPIENT, at=None, job=None, step="I4", before=True, down_seconds=60.0, silently=silently
    )
    ran = run_options(replace(OPTIONS, latency_seconds=0.02, deaths=(death,)))
    # What the sender was told is more than the recipient's ledger says when it is back: it stops, and says so.
    assert "ledger-behind" in ran.found
