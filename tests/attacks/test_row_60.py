"""Row 60: a clock is set a day forward or back in the middle of a transfer. Nothing expired is accepted, nothing is delivered
twice, and no leg ends before its time (invariant 28). The true time is the run's; what gateways believe is set wrong.
"""

from dataclasses import replace

import pytest

from emla.model.acknowledgement import Event
from tests.simulation.options import DAY, HOUR, Jump, Kind, Options, Window
from tests.simulation.run import Ran, run_options
from tests.simulation.scenes import calm_options, go_rounds_seldom, message, messages_between
from tests.simulation.world import World
from tests.support.books import Books

SENDER, RECIPIENT = "at.moj", "jp.moj"


def run(options: Options) -> tuple[Ran, Books, Books]:
    """Run; what the sender and the recipient then hold."""
    found: dict[str, Books] = {}

    def look(world: World) -> None:
        found.update(world.books())

    ran = run_options(options, look=look)
    assert ran.found == ""
    return ran, found[SENDER], found[RECIPIENT]


@pytest.mark.parametrize("node", [SENDER, RECIPIENT])
@pytest.mark.parametrize("seconds", [DAY, -DAY])
def test_a_clock_that_is_set_in_the_middle_of_a_transfer_loses_and_doubles_nothing(
    monkeypatch: pytest.MonkeyPatch, node: str, seconds: float
) -> None:
    go_rounds_seldom(monkeypatch)
    options = replace(
        calm_options(Kind.LINE),
        planned=messages_between(SENDER, RECIPIENT, 8),
        latency_seconds=2.0,
        duplication=0.5,
        jumps=(Jump(node=node, at=4.0, seconds=seconds),),
    )
    _, ours, theirs = run(options)
    assert len(theirs.received) == 8
    assert {each.state for each in theirs.received.values()} == {"CONSIGNED"}
    assert {leg.state for leg in ours.legs} == {"CONSIGNED"}


def test_a_clock_that_is_set_forward_ends_no_leg_before_its_time() -> None:
    """The package lives a day; an hour after it was taken its sender believes that the day is over, and nobody is reached."""
    options = replace(
        calm_options(Kind.LINE),
        planned=(message(SENDER, RECIPIENT, days=1),),
        windows=(Window(source=SENDER, target=RECIPIENT, begin=0.0, end=4 * HOUR),),
        jumps=(Jump(node=SENDER, at=HOUR, seconds=DAY),),
        safety_seconds=4 * HOUR,
    )
    _, ours, theirs = run(options)
    assert [each.event for each in ours.acknowledgements.values() if each.event is Event.RELAY_FAILURE] == []
    assert [each.state for each in theirs.received.values()] == ["CONSIGNED"]


def test_a_recipient_whose_clock_is_set_forward_rejects_nothing_as_expired() -> None:
    options = replace(
        calm_options(Kind.LINE),
        planned=(message(SENDER, RECIPIENT, at=HOUR, days=1),),
        jumps=(Jump(node=RECIPIENT, at=60.0, seconds=1.5 * DAY),),
        safety_seconds=3 * HOUR,
    )
    ran, _, theirs = run(options)
    assert ran.counts.codes["clock-skew"] > 0
    assert [each.state for each in theirs.received.values()] == ["CONSIGNED"]


def test_what_is_over_is_not_accepted_by_a_recipient_whose_clock_is_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For two days nobody is reached; when the line is open again the recipient believes that it is yesterday."""
    go_rounds_seldom(monkeypatch)
    options = replace(
        calm_options(Kind.LINE),
        planned=(message(SENDER, RECIPIENT, days=1),),
        windows=(Window(source=SENDER, target=RECIPIENT, begin=0.0, end=2 * DAY),),
        jumps=(Jump(node=RECIPIENT, at=HOUR, seconds=-1.9 * DAY),),
        safety_seconds=2 * DAY + HOUR,
    )
    _, ours, theirs = run(options)
    assert [leg.state for leg in ours.legs] == ["EXPIRED"]
    assert theirs.received == {}
