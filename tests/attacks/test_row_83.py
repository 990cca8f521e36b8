"""Row 83: for a day requests arrive and answers are lost. Nothing is consigned twice; each package has one acknowledgement."""

from dataclasses import replace

import pytest

from emla.model.acknowledgement import Event
from tests.simulation.options import DAY, Kind, Planned, Window
from tests.simulation.run import run_options
from tests.simulation.scenes import calm_options, go_rounds_seldom, message, messages_between
from tests.support.books import Books

SENDER, RECIPIENT = "at.moj", "jp.moj"


def test_a_day_without_answers_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    go_rounds_seldom(monkeypatch)
    planned: tuple[Planned, ...] = messages_between(SENDER, RECIPIENT, 6)
    closed = Window(source=RECIPIENT, target=SENDER, begin=0.5, end=DAY)
    options = replace(
        calm_options(Kind.LINE),
        planned=(*planned, message(RECIPIENT, SENDER, at=10.0)),
        windows=(closed,),
        safety_seconds=DAY,
    )
    judged: list[Books] = []
    ran = run_options(options, look=lambda world: judged.extend(world.books().values()))
    assert ran.found == ""
    theirs = next(each for each in judged if each.id == RECIPIENT)
    ours = next(each for each in judged if each.id == SENDER)
    assert {each.state for each in theirs.received.values()} == {"CONSIGNED"}
    for pid in ours.sent:
        events = [each.event for each in theirs.of_package[pid]]
        assert sorted(events) == sorted([Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT])
        assert ours.of(pid, Event.RELAY_ACCEPTANCE) is not None
    assert ran.counts.codes["timeout"] > 6, "the sender asked, and heard nothing, more than once"
