"""hold: a case on legal hold, of which nothing is erased until a person lifts it.

E6 one batch: the hold with its event, or its end with another event. A crash before it changed nothing; the same call again
finds what is so.
"""

from emla.flow.events import CASE_HELD, CASE_UNHELD, event
from emla.flow.gateway import Gateway
from emla.model.erasure import LegalHold
from emla.ports.store import Transaction


class HoldCase:
    """Sets and lifts legal holds."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def set(self, case_id: bytes, person: str, reason: str) -> None:
        """Put a case on hold; a hold that is there stands."""
        hold = LegalHold(case_id=case_id, person=person, at=self._gateway.now(), reason=reason)
        told = event(self._gateway, CASE_HELD, {"case": case_id.hex(), "by": person, "reason": reason})

        def operation(transaction: Transaction) -> None:
            if transaction.hold_case(hold):
                told(transaction)

        await self._gateway.store.write(operation)

    async def lift(self, case_id: bytes, person: str) -> None:
        """Lift the hold of a case, if there is one."""
        told = event(self._gateway, CASE_UNHELD, {"case": case_id.hex(), "by": person})

        def operation(transaction: Transaction) -> None:
            if transaction.unhold_case(case_id):
                told(transaction)

        await self._gateway.store.write(operation)
