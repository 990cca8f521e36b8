"""give_up: the sender's own end of a package: RelayFailure, because it expired or because two officers closed it.

O8 one batch holds RelayFailure, its leaf and the leg EXPIRED; where the recipient has signed something about the content, only
the state which that proves. A genuine RelayAcceptance that comes later supersedes it.
"""

from collections.abc import Callable

from emla.flow.gateway import Gateway
from emla.model.acknowledgement import Event
from emla.model.leg import WAITING, LegKind, LegState, delivered_state
from emla.ports.store import SentRow, Transaction

EXPIRED = "expired"
CLOSED = "closed"


def give_up(gateway: Gateway, row: SentRow, reason: str) -> Callable[[Transaction], bool]:
    """The operation that ends a package's leg; it returns False when the leg waits no more."""
    subject, at = gateway.subjects.of(row.pid, row.signed), gateway.now()

    def operation(transaction: Transaction) -> bool:
        leg = transaction.leg_of(LegKind.PACKAGE, row.pid)
        if leg is None or leg.state not in WAITING:
            return False
        delivered = delivered_state(transaction.events_of(row.pid))
        if delivered is None:
            transaction.issue(gateway.acknowledge(Event.RELAY_FAILURE, subject, reason, at=at))
        # What the recipient signed about the content proves that it has the package: that is never contradicted.
        transaction.move_leg(leg.id, leg.state, delivered or LegState.EXPIRED)
        # Statuses go on asking for its answer: no leg does any more.
        transaction.put_unanswered(row.pid, row.recipient)
        return True

    return operation
