"""Legs and inbox states: what the transport knows about a package. Never what a request is worth in law.

A package leg's state is a fold over the set of verified acknowledgements that are stored for it: the order in which they
arrive, repeats and delays change nothing, so both sides always end with the same record. A timeout is not an event.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from emla.model.acknowledgement import Event


class LegKind(StrEnum):
    """What travels on a leg."""

    PACKAGE = "package"
    ACKNOWLEDGEMENT = "acknowledgement"


class LegState(StrEnum):
    """Where a leg stands. A package leg goes READY, ACCEPTED, CONSIGNED, HANDED; an acknowledgement leg READY, DONE.

    HUB_HELD: a hub has it for the peer. That is no delivery: the leg goes on asking, only less often.
    REPLACED is an exit of READY: another package carries the payload, for a key that the recipient has neither revoked nor lost.
    HELD is READY put aside: by an operator, or because the leg was refused again and again for what it is.
    """

    READY = "READY"
    HUB_HELD = "HUB_HELD"
    ACCEPTED = "ACCEPTED"
    CONSIGNED = "CONSIGNED"
    HANDED = "HANDED"
    CONSIGNMENT_FAILED = "CONSIGNMENT_FAILED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    REPLACED = "REPLACED"
    HELD = "HELD"
    DONE = "DONE"


class InboxState(StrEnum):
    """Where a received package stands."""

    ACCEPTED = "ACCEPTED"
    CONSIGNED = "CONSIGNED"
    HANDED = "HANDED"
    QUARANTINED = "QUARANTINED"
    CLOSED = "CLOSED"


_DELIVERED = (
    (Event.CONTENT_HANDOVER, LegState.HANDED),
    (Event.CONTENT_CONSIGNMENT, LegState.CONSIGNED),
    (Event.CONTENT_CONSIGNMENT_FAILURE, LegState.CONSIGNMENT_FAILED),
)
_UNDELIVERED = (
    (Event.RELAY_REJECTION, LegState.REJECTED),
    (Event.RELAY_FAILURE, LegState.EXPIRED),
    (Event.HUB_ACCEPTANCE, LegState.HUB_HELD),
)
_DENIED = frozenset({Event.RELAY_REJECTION, Event.RELAY_FAILURE})
DUE = frozenset({LegState.READY, LegState.HUB_HELD})
"""States in which a leg still asks: it is tried when its time comes, and it expires."""


def leg_state(events: AbstractSet[Event]) -> LegState:
    """The state of a package leg, given every event acknowledged for it.

    Until RelayAcceptance is here the leg goes on asking for it, even when a later event overtook it or a hub holds the package.
    What the recipient signed about the content beats our own RelayFailure, and a RelayRejection of its own, whichever came first:
    the peer has the package.
    """
    delivered = delivered_state(events)
    if Event.RELAY_ACCEPTANCE in events:
        return delivered or LegState.ACCEPTED
    if delivered and not events.isdisjoint(_DENIED):
        return delivered
    return next((state for event, state in _UNDELIVERED if event in events), LegState.READY)


def next_state(present: LegState, events: AbstractSet[Event]) -> LegState:
    """The state after another acknowledgement: that of all of them together, but never back to asking.

    A leg that ended at its expiry with proof of delivery and without RelayAcceptance has nothing to ask for any more. One
    whose package was replaced asks no more either, but what the recipient signed about it counts: it was there first. One
    that is held stays so until what would end it if it were not: only a release lets it ask again.
    """
    state = leg_state(events)
    if state in DUE and present is LegState.HELD:
        return present
    if state in DUE and present not in DUE:
        return delivered_state(events) or present
    return state


def delivered_state(events: AbstractSet[Event]) -> LegState | None:
    """The state that the recipient's acknowledgements of the content alone prove; None when there are none."""
    return next((state for event, state in _DELIVERED if event in events), None)


WAITING = DUE | {LegState.HELD}
"""States of a package leg in which the sender still owes it an end: RelayAcceptance, refusal, expiry or a close."""

DEAD = frozenset({LegState.HELD, LegState.REJECTED, LegState.EXPIRED, LegState.CONSIGNMENT_FAILED})
"""States of a package leg that somebody must look at: it did not arrive, or was not read."""

FINAL = frozenset(
    {LegState.HANDED, LegState.CONSIGNMENT_FAILED, LegState.REJECTED, LegState.REPLACED, LegState.DONE}
)
"""States in which nothing more is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg: an object on its way to one peer. Instants are UNIX seconds; `next_at` may hold a fraction."""

    id: int
    kind: LegKind
    ref: bytes
    """The package id, or the acknowledgement id."""
    peer: str
    urgent: bool
    state: LegState
    attempts: int
    next_at: float
    last_code: str | None
    created: int
    expires: int | None
    refusals: int = 0
    """How often in a row this leg alone was refused, with a code that time does not mend."""
    refused_since: int | None = None
    """When the first of those refusals came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a leg was put aside: the code, in words, and since when. It stays known after a release."""

    leg: int
    at: int
    code: str
    reason: str


def is_overdue(leg: Leg, now: int, seconds: int, urgent_seconds: int) -> bool:
    """Whether a package has waited longer for its RelayAcceptance than it should. An observation: nothing moves by it."""
    if leg.kind is not LegKind.PACKAGE or leg.state not in WAITING:
        return False
    return leg.created < now - (urgent_seconds if leg.urgent else seconds)
