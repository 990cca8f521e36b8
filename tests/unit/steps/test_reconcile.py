"""What two gateways know of the channels between them, and what follows: gaps, what is lacking, what was forgotten."""

import pytest

from emla.model.channel import GAPS_MAX, NumberRange, ReceivedChannel, SentChannel
from emla.model.leg import LegState
from emla.steps.reconcile import Act, Counted, act_about, count, forgotten, lacking

NOTHING = Counted(whole=0, last=0, gaps=())


@pytest.mark.parametrize(
    ("numbers", "above", "whole", "last", "gaps"),
    [
        ([], 0, 0, 0, ()),
        ([], 5, 5, 5, ()),
        ([1, 2, 3], 0, 3, 3, ()),
        ([2, 3], 0, 0, 3, ((1, 1),)),
        ([6, 8, 9, 12], 5, 6, 12, ((7, 7), (10, 11))),
    ],
)
def test_gaps_are_found(
    numbers: list[int], above: int, whole: int, last: int, gaps: tuple[NumberRange, ...]
) -> None:
    found = count(numbers, Counted(whole=above, last=above, gaps=()))
    assert (found.whole, found.last, found.gaps) == (whole, last, gaps)


def test_of_too_many_gaps_the_first_are_told_and_nothing_is_said_about_what_lies_above() -> None:
    found = count(range(2, 4 * GAPS_MAX, 2), NOTHING)
    assert len(found.gaps) == GAPS_MAX
    assert found.last == found.gaps[-1][1] + 1
    said = ReceivedChannel(epoch=1, seq=found.whole, last=found.last, gaps=found.gaps)
    assert lacking(said, 10_000) == found.gaps


@pytest.mark.parametrize("first", [0, 1, 3, 200, 300])
def test_counted_in_slices_it_is_the_same(first: int) -> None:
    numbers = [1, 2, 5, *range(9, 500, 2)]
    assert count(numbers[first:], count(numbers[:first], NOTHING)) == count(numbers, NOTHING)


def test_what_the_other_side_lacks_is_its_gaps_and_what_lies_above() -> None:
    said = ReceivedChannel(epoch=1, seq=3, last=8, gaps=((4, 4), (6, 7)))
    assert lacking(said, 10) == ((4, 4), (6, 7), (9, 10))
    assert lacking(said, 8) == ((4, 4), (6, 7))
    assert lacking(said, 6) == ((4, 4), (6, 6))
    assert lacking(None, 2) == ((1, 2),)
    assert lacking(None, 0) == ()


def test_what_the_other_side_forgot_is_what_it_says_it_lost_and_what_came_here_above() -> None:
    said = SentChannel(epoch=1, seq=9, lost=((2, 3),))
    assert forgotten(said, 9) == ((2, 3),)
    assert forgotten(said, 11) == ((2, 3), (10, 11))
    assert forgotten(said, 2) == ((2, 2),)
    assert forgotten(None, 1) == ((1, 1),)
    assert forgotten(None, 0) == ()


def test_every_state_of_a_package_leads_to_one_thing_to_do() -> None:
    assert {state: act_about(state) for state in LegState if state is not LegState.DONE} == {
        LegState.READY: Act.OFFER,
        LegState.HUB_HELD: Act.OFFER,
        LegState.ACCEPTED: Act.RETURN,
        LegState.CONSIGNED: Act.RETURN,
        LegState.HANDED: Act.RETURN,
        LegState.CONSIGNMENT_FAILED: Act.RETURN,
        LegState.REJECTED: Act.VOID,
        LegState.EXPIRED: Act.VOID,
        LegState.REPLACED: Act.VOID,
        LegState.HELD: Act.LEAVE,
    }
