"""The part of the oracle for a world at rest: faults have stopped, and nothing is on its way any more (liveness, 30 to 32)."""

from collections.abc import Set as AbstractSet

from emla.model.leg import LegState
from tests.support.books import Books
from tests.support.violation import Found, World, short, violation

SETTLED = 30
"""The number of what is still on its way when nothing should be."""


def everything_arrived(books: Books, world: World, strangers: AbstractSet[str] = frozenset()) -> Found:
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
        yield violation(
            SETTLED, books, f"{acknowledgement.event.value} of {short(acknowledgement.pid)} never arrived"
        )
