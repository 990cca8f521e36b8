"""The part of the oracle about what rows say beside the signed objects: 23 and 25."""

from collections import Counter

from emla.formats.act import decode_act
from emla.formats.event import decode as decode_event
from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError
from emla.model.leg import LegState
from emla.model.signed import PayloadType
from tests.support.books import Books
from tests.support.key_books import read_key_books
from tests.support.violation import Found, short, violation


def rows_are_explained(books: Books) -> Found:
    """Everything about rows."""
    yield from every_move_left_its_trace(books)
    yield from whoever_read_is_recorded(books)


def every_move_left_its_trace(books: Books) -> Found:
    """23: what no acknowledgement explains, a recorded act does: what is held, given up or replaced; and legs are counted."""
    more = read_key_books(books)
    counted = Counter((leg.kind, leg.state) for leg in books.legs)
    if counted != Counter(more.leg_counts):
        yield violation(23, books, f"{dict(more.leg_counts)} legs are counted, {dict(counted)} are there")
    held = {
        str(decode_event(body).facts.get("ref")) for body in books.events.values() if _is(body, "leg.held")
    }
    replaced = {each.replaces for each in books.sent.values() if each.replaces}
    for leg in books.legs:
        if leg.state == LegState.HELD and (leg.id not in more.holds or leg.ref.hex() not in held):
            yield violation(23, books, f"the leg of {short(leg.ref)} is held, and nobody said why")
        if leg.state == LegState.REPLACED and leg.ref not in replaced:
            yield violation(23, books, f"{short(leg.ref)} is replaced by nothing")
    decided = {
        _closes(each.payload) for each in more.changes if each.type == PayloadType.ACT and each.is_published
    }
    for each in books.received.values():
        if each.state == "CLOSED" and each.pid.hex() not in decided:
            yield violation(23, books, f"{short(each.pid)} is closed, and no two officers said so")


def _is(body: bytes, kind: str) -> bool:
    return decode_event(body).kind == kind


def _closes(payload: bytes) -> str | None:
    try:
        return str(decode_act(payload).facts.get("pid"))
    except EmlaError:
        return None


def whoever_read_is_recorded(books: Books) -> Found:
    """25: of everything that was handed over there is our own ContentHandover, and so its leaf; and it was handed to a role."""
    for pid, consumer in books.hand_overs:
        if books.of(pid, Event.CONTENT_HANDOVER) is None:
            yield violation(25, books, f"{short(pid)} was handed to '{consumer}', which nothing records")
        if not consumer or "@" in consumer or " " in consumer:
            yield violation(25, books, f"{short(pid)} was handed to '{consumer}', which is no role")
