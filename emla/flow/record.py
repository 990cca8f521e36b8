"""record: a verified acknowledgement of a package of ours -> its row, its leaf, and the leg where all of them together put it."""

import logging
from collections.abc import Callable
from enum import Enum, auto

from emla.flow.seen import seen_in
from emla.model.acknowledgement import Event, VerifiedAcknowledgement
from emla.model.leg import WAITING, LegKind, LegState, leg_state, next_state
from emla.ports.store import AcknowledgementRow, DuplicateError, Transaction
from emla.ports.trouble import Contradiction

logger = logging.getLogger("emla.record")

_ANSWERS = frozenset({Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION})


class Recorded(Enum):
    """What became of a peer's acknowledgement."""

    NEW = auto()
    KNOWN = auto()
    CONTRADICTS = auto()
    """Another one of this event is here, which stands. This one is kept as proof."""
    CONTRADICTS_AS_KNOWN = auto()


def acknowledgement_row(verified: VerifiedAcknowledgement) -> AcknowledgementRow:
    """A verified acknowledgement as it is stored."""
    said = verified.acknowledgement
    return AcknowledgementRow(
        aid=verified.aid,
        pid=said.pid,
        event=said.event,
        by=said.by,
        at=said.at,
        reason=said.reason,
        bundle=verified.stored,
    )


def record_acknowledgement(
    verified: VerifiedAcknowledgement, *, at: int
) -> Callable[[Transaction], Recorded]:
    """The operation that keeps a peer's acknowledgement and moves the package's leg to what all of them together say.

    Args:
        verified: the acknowledgement.
        at: when it came here.

    Returns:
        An operation; it says what became of it.
    """
    said = verified.acknowledgement
    row, seen = acknowledgement_row(verified), seen_in(verified)
    other = Contradiction(aid=row.aid, pid=row.pid, event=row.event, by=row.by, at=at, bundle=row.bundle)

    def operation(transaction: Transaction) -> Recorded:
        try:
            if not transaction.insert_acknowledgement(row, verified.signed):
                _move_again(transaction, said.pid)
                return Recorded.KNOWN
        except DuplicateError:
            # The insert that failed left nothing. The first one stands and has moved the leg; this one moves nothing.
            is_new = transaction.insert_contradiction(other, verified.signed)
            return Recorded.CONTRADICTS if is_new else Recorded.CONTRADICTS_AS_KNOWN
        transaction.see_checkpoint(seen)
        if said.event is Event.CONTENT_CONSIGNMENT:
            transaction.look_again(said.pid)  # time limits run from when it arrived
        leg = transaction.leg_of(LegKind.PACKAGE, said.pid)
        if leg is not None:
            events = transaction.events_of(said.pid)
            state = next_state(leg.state, events)
            if state is not leg.state:
                transaction.move_leg(leg.id, leg.state, state)
                if leg.state is LegState.REPLACED and Event.RELAY_ACCEPTANCE not in events:
                    # It was delivered before another took its place: no leg asks for its answer any more, so statuses do.
                    transaction.put_unanswered(said.pid, leg.peer)
            if said.event in _ANSWERS and leg.state not in WAITING:
                transaction.drop_unanswered(said.pid)
        if said.event is Event.RELAY_REJECTION and said.reason == "already-held":
            transaction.reopen_replaced(said.pid)
        return Recorded.NEW

    return operation


def _move_again(transaction: Transaction, pid: bytes) -> None:
    """A leg that was put back to READY goes where what is stored puts it, which its peer or a hub has just said once more."""
    leg = transaction.leg_of(LegKind.PACKAGE, pid)
    if leg is not None and leg.state is LegState.READY:
        state = leg_state(transaction.events_of(pid))
        if state is not LegState.READY:
            transaction.move_leg(leg.id, LegState.READY, state)


def tell_contradiction(verified: VerifiedAcknowledgement, recorded: Recorded) -> None:
    """Say loudly, once, that a peer contradicts itself."""
    if recorded is Recorded.CONTRADICTS:
        said = verified.acknowledgement
        logger.error(
            "acknowledgement contradicts another",
            extra={"peer": said.by, "pid": said.pid.hex(), "event": said.event.value},
        )
