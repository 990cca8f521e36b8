"""The part of the oracle for a world at rest: faults have stopped, and nothing is on its way any more (liveness, 30 to 32)."""

from collections.abc import Set as AbstractSet

from emla.model.acknowledgement import Event
from emla.model.leg import LegState
from tests.support.books import Books
from tests.support.violation import Found, World, short, violation

SETTLED = 30
"""The number of what is still on its way when nothing should be."""


def everything_arrived(
    books: Books, world: World, strangers: AbstractSet[str] = frozenset(), *, expiring: bool = False
) -> Found:
    """30, 31: nothing is on its way, and both sides of every package hold the same acknowledgements of the recipient."""
    for leg in books.legs:
        waits = leg.state == LegState.READY or (leg.kind, leg.state) == ("package", LegState.HUB_HELD)
        if waits and leg.peer not in strangers:
            yield violation(SETTLED, books, f"the leg of {leg.kind} {short(leg.ref)} is still {leg.state}")
    for each in books.received.values():
        if each.state == "ACCEPTED":
            yield violation(SETTLED, books, f"{short(each.pid)} was never opened")
        there = world.get(each.other)
        if there and each.pid not in there.sent:
            yield violation(SETTLED, books, f"{there.id} does not know {short(each.pid)}")
    for acknowledgement in books.acknowledgements.values():
        package = books.received.get(acknowledgement.pid)
        there = world.get(package.other) if package else None
        if not there or acknowledgement.by != books.id or acknowledgement.aid in there.acknowledgements:
            continue
        # The answer of a package that its sender gave up at its expiry is not asked for once more; what is said of the content
        # travels by itself and proves the same.
        legs = [leg for leg in there.legs if leg.ref == acknowledgement.pid]
        given_up = expiring and all(leg.state != LegState.READY for leg in legs)
        if not (given_up and acknowledgement.event is Event.RELAY_ACCEPTANCE):
            yield violation(
                SETTLED,
                books,
                f"{acknowledgement.event.value} of {short(acknowledgement.pid)} never arrived",
            )
