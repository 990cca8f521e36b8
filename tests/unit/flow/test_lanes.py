"""Lanes: urgent first, normal never starved, bounded whatever waits, and a wake goes through everything once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from emla.flow.line.lanes import LANE_MAX, TURN, Lanes
from emla.model.leg import Leg, LegKind, LegState

PEER = "de.bfj"


@dataclass
class Stored:
    """Legs as the store has them; it counts how much it was asked for at once."""

    legs: dict[int, Leg] = field(default_factory=dict)
    most_at_once: int = 0

    def add(self, *, urgent: bool = False, next_at: float = 0.0, refusals: int = 0) -> Leg:
        leg = Leg(
            id=len(self.legs) + 1,
            kind=LegKind.PACKAGE,
            ref=b"",
            peer=PEER,
            urgent=urgent,
            state=LegState.READY,
            attempts=0,
            next_at=next_at,
            last_code=None,
            created=0,
            expires=None,
            refusals=refusals,
        )
        self.legs[leg.id] = leg
        return leg

    def due_legs(
        self,
        peer: str,
        now: float,
        limit: int,
        *,
        urgent: bool | None = None,
        after: tuple[float, int] | None = None,
        refused: bool = True,
        kept: Sequence[str] = (),
        hub_held_until: float | None = None,
    ) -> Sequence[Leg]:
        found = [
            each
            for each in self.legs.values()
            if each.state is LegState.READY
            and each.next_at <= now
            and each.urgent is urgent
            and (after is None or (each.next_at, each.id) > after)
            and (refused or not each.refusals)
            and each.last_code not in kept
        ]
        found = sorted(found, key=lambda each: (each.next_at, each.id))[:limit]
        self.most_at_once = max(self.most_at_once, len(found))
        return found

    def next_due(self, peer: str, after: float, *, urgent: bool | None = None) -> float | None:
        waiting = [
            each.next_at
            for each in self.legs.values()
            if each.state is LegState.READY and each.urgent is urgent and each.next_at > after
        ]
        return min(waiting, default=None)

    def done(self, lanes: Lanes, leg: Leg) -> None:
        self.legs[leg.id] = replace(self.legs[leg.id], state=LegState.ACCEPTED)
        lanes.ended(leg)

    def fail(self, lanes: Lanes, leg: Leg, until: float) -> None:
        self.legs[leg.id] = replace(self.legs[leg.id], next_at=until)
        lanes.postponed(leg, until)
        lanes.ended(leg)


def begun(lanes: Lanes, stored: Stored, now: float = 1.0) -> list[Leg]:
    """Take one leg after the other, each of which goes well, until none is due."""
    taken = []
    while leg := lanes.begin(now):
        taken.append(leg)
        stored.done(lanes, leg)
    return taken


def test_urgent_legs_go_first_and_one_start_of_eight_is_a_normal_ones() -> None:
    stored = Stored()
    for _ in range(20):
        stored.add()
    for _ in range(20):
        stored.add(urgent=True)
    order = [leg.urgent for leg in begun(Lanes(PEER, lambda: stored), stored)]
    assert order[:16] == ([True] * (TURN - 1) + [False]) * 2
    assert sorted(order) == [False] * 20 + [True] * 20


def test_endless_urgent_mail_never_starves_normal_mail() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    for _ in range(2 * LANE_MAX):
        stored.add(urgent=True)
    for _ in range(10):
        stored.add()
    normal = 0
    for _ in range(10 * TURN):
        leg = lanes.begin(1.0)
        assert leg is not None
        normal += not leg.urgent
        stored.done(lanes, leg)
        lanes.add(stored.add(urgent=True))
    assert normal == 10


def test_an_urgent_leg_in_the_store_waits_behind_no_normal_one_in_memory() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    for _ in range(LANE_MAX // 2 + 10):
        stored.add()
    first = lanes.begin(1.0)
    assert first is not None
    stored.done(lanes, first)
    assert lanes.in_memory == LANE_MAX // 2 - 1
    urgent = stored.add(urgent=True)
    lanes.add(urgent)
    assert lanes.begin(1.0) == urgent


def test_memory_is_bounded_whatever_waits() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    for number in range(10_000):
        stored.add(urgent=number % 10 == 0)
    most, taken = 0, 0
    while leg := lanes.begin(1.0):
        most = max(most, lanes.in_memory)
        taken += 1
        stored.done(lanes, leg)
    assert taken == 10_000
    assert most <= 2 * LANE_MAX
    assert stored.most_at_once <= LANE_MAX


def test_what_is_added_while_there_is_room_needs_no_asking() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    assert lanes.begin(1.0) is None
    stored.most_at_once = 0
    for _ in range(LANE_MAX + 5):
        lanes.add(stored.add())
    assert stored.most_at_once == 0
    assert lanes.in_memory == LANE_MAX
    assert len(begun(lanes, stored)) == LANE_MAX + 5


def test_a_wake_tries_everything_once_and_not_for_ever() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    for number in range(3 * LANE_MAX):
        stored.add(next_at=1000.0 + number // 100)
    assert lanes.begin(1.0) is None
    assert lanes.next_due == 1000.0
    lanes.wake(refused=True)
    tried = 0
    while leg := lanes.begin(1.0):
        tried += 1
        # Refused again, for an hour: behind everything that still waits.
        stored.fail(lanes, leg, 5000.0)
        assert tried <= 6 * LANE_MAX
    assert 3 * LANE_MAX <= tried <= 6 * LANE_MAX


def test_a_leg_under_way_at_a_wake_is_taken_back_though_the_walk_has_passed_it() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    for number in range(2 * LANE_MAX):
        stored.add(next_at=float(number))
    leg = lanes.begin(0.0)
    assert leg is not None
    lanes.wake(refused=True)
    for _ in range(LANE_MAX):
        other = lanes.begin(0.0)
        assert other is not None
        stored.done(lanes, other)
    stored.fail(lanes, leg, 0.5)
    lanes.again(stored.legs[leg.id])
    assert leg.id in {each.id for each in begun(lanes, stored, 0.0)}


def test_a_wake_by_contact_spares_what_was_refused_for_what_it_is() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    refused, other = stored.add(next_at=1000.0, refusals=3), stored.add(next_at=1000.0)
    lanes.wake(refused=False)
    assert begun(lanes, stored) == [other]
    lanes.wake(refused=True)
    assert begun(lanes, stored) == [refused]


def test_a_leg_that_waits_for_a_time_is_begun_when_it_has_come() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    leg = stored.add(next_at=50.0)
    assert lanes.begin(49.0) is None
    assert lanes.next_due == 50.0
    assert lanes.begin(50.0) == leg
    stored.fail(lanes, leg, 80.0)
    assert lanes.begin(79.0) is None
    again = lanes.begin(80.0)
    assert again is not None
    assert again.id == leg.id
    assert lanes.begin(math.inf) is None  # it is under way


def test_a_leg_that_was_put_aside_is_not_begun() -> None:
    stored = Stored()
    lanes = Lanes(PEER, lambda: stored)
    assert lanes.begin(1.0) is None
    one, other = stored.add(), stored.add()
    lanes.add(one)
    lanes.add(other)
    lanes.withdraw(one.id)
    assert lanes.begin(1.0) == other
