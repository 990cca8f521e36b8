"""Runs with a hub: what goes through it, and that the judgement sees a hub that lets go, keeps back or can read."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from emla.flow.hub.mailbox import Mailbox
from tests.simulation.officers import template_of
from tests.simulation.options import HIDDEN, HUB, Kind
from tests.simulation.run import Ran, run_options
from tests.simulation.scenes import calm_options, messages_between
from tests.simulation.world import World

SENDER = "at.moj"


def through_the_hub(prepare: Callable[[World], object] = lambda world: None) -> Ran:
    """A quiet run: three messages to an authority that has no inbound port."""
    options = replace(
        calm_options(Kind.LINE), hub=True, planned=messages_between(SENDER, HIDDEN, 3), safety_seconds=120.0
    )
    return run_options(options, prepare=prepare)


def test_what_cannot_go_directly_goes_through_the_hub_and_nothing_stays_there() -> None:
    ran = through_the_hub()
    assert ran.found == ""
    assert ran.counts.edges["leg READY HUB_HELD"] >= 3
    # A later word of the recipient may overtake its RelayAcceptance.
    assert sum(ran.counts.edges[f"leg HUB_HELD {state}"] for state in ("ACCEPTED", "CONSIGNED")) >= 3


def test_a_hub_that_lets_a_package_go_without_its_owners_word_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Mailbox, "_proof", lambda *_: None)
    assert "[19]" in through_the_hub().found


def test_a_text_of_a_message_on_the_disk_of_a_hub_is_found() -> None:
    def prepare(world: World) -> None:
        (world.nodes[HUB].data / "hub.log").write_bytes(template_of(SENDER, HIDDEN, large=False).data)

    assert "[10]" in through_the_hub(prepare=prepare).found


def test_what_a_hub_keeps_back_is_found() -> None:
    """A promise that cannot be found again is a lie, whoever deleted it."""

    def prepare(world: World) -> None:
        def forget() -> None:
            store = world.nodes[HUB].store
            assert store is not None
            store._connection.execute("DELETE FROM mailbox_body")
            store._connection.execute("DELETE FROM mailbox_item")

        world.loop.call_at(100.0, forget)

    assert "is nowhere" in through_the_hub(prepare=prepare).found
