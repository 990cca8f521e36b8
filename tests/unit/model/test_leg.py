"""A package leg is a fold over a set: no order, repeat or delay of acknowledgements changes where it ends."""

from hypothesis import given
from hypothesis import strategies as st

from emla.model.acknowledgement import Event
from emla.model.leg import DUE, LegState, delivered_state, leg_state, next_state

SETS = st.sets(st.sampled_from(Event))
RANK = {
    LegState.READY: 0,
    LegState.HUB_HELD: 0.5,
    LegState.EXPIRED: 1,
    LegState.REJECTED: 1,
    LegState.ACCEPTED: 2,
    LegState.CONSIGNMENT_FAILED: 3,
    LegState.CONSIGNED: 3,
    LegState.HANDED: 4,
}


def fold(events: list[Event]) -> LegState:
    """What a store does: one acknowledgement after another, the state taken from all that are there."""
    stored: set[Event] = set()
    state = leg_state(stored)
    for event in events:
        stored.add(event)
        state = leg_state(stored)
    return state


@given(st.permutations(list(Event)), st.integers(0, len(Event)), st.data())
def test_any_order_of_any_events_with_repeats_ends_the_same(
    order: list[Event], count: int, data: st.DataObject
) -> None:
    events = order[:count]
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    mixed = data.draw(st.permutations(events + again))
    assert fold(events) == fold(mixed) == leg_state(frozenset(events))


@given(SETS, st.sampled_from(Event))
def test_another_acknowledgement_never_takes_a_leg_back(events: set[Event], event: Event) -> None:
    before, after = leg_state(events), leg_state(events | {event})
    assert RANK[after] >= RANK[before]


@given(SETS)
def test_without_relay_acceptance_nothing_counts_as_delivered(events: set[Event]) -> None:
    state = leg_state(events)
    delivered = RANK[state] >= RANK[LegState.ACCEPTED]
    denied = (
        bool(events & {Event.RELAY_FAILURE, Event.RELAY_REJECTION}) and delivered_state(events) is not None
    )
    assert delivered == (Event.RELAY_ACCEPTANCE in events or denied)


def test_what_the_recipient_signed_about_the_content_beats_our_own_relay_failure() -> None:
    assert leg_state({Event.RELAY_FAILURE, Event.CONTENT_CONSIGNMENT}) is LegState.CONSIGNED


def test_what_the_recipient_signed_about_the_content_beats_a_rejection_of_its_own() -> None:
    both = [Event.RELAY_REJECTION, Event.CONTENT_CONSIGNMENT]
    assert fold(both) == fold(both[::-1]) == LegState.CONSIGNED
    assert next_state(LegState.REJECTED, {*both, Event.CONTENT_HANDOVER}) is LegState.HANDED


def test_a_leg_that_ended_never_goes_back_to_asking() -> None:
    events = {Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER}
    assert next_state(LegState.CONSIGNED, events) is LegState.HANDED
    assert next_state(LegState.READY, events) is LegState.READY
    assert next_state(LegState.REJECTED, set()) is LegState.REJECTED


def test_what_a_hub_holds_goes_on_asking_and_its_word_ends_nothing() -> None:
    assert leg_state({Event.HUB_ACCEPTANCE}) is LegState.HUB_HELD
    assert leg_state({Event.HUB_REJECTION}) is LegState.READY
    assert LegState.HUB_HELD in DUE
    for event, state in ((Event.RELAY_REJECTION, LegState.REJECTED), (Event.RELAY_FAILURE, LegState.EXPIRED)):
        assert leg_state({Event.HUB_ACCEPTANCE, event}) is state
    assert next_state(LegState.EXPIRED, {Event.HUB_ACCEPTANCE}) is LegState.EXPIRED
    assert next_state(LegState.REPLACED, {Event.HUB_ACCEPTANCE}) is LegState.REPLACED


def test_relay_acceptance_beats_relay_failure_whichever_came_first() -> None:
    both = [Event.RELAY_FAILURE, Event.RELAY_ACCEPTANCE]
    assert fold(both) == fold(both[::-1]) == LegState.ACCEPTED


def test_an_event_that_overtook_relay_acceptance_leaves_the_leg_asking() -> None:
    assert leg_state({Event.CONTENT_CONSIGNMENT}) is LegState.READY
    assert leg_state({Event.CONTENT_CONSIGNMENT, Event.RELAY_ACCEPTANCE}) is LegState.CONSIGNED
