"""alone: messages that went without a second person, and what one says of them afterwards."""

from emla.flow.events import ALONE_REVIEWED, event
from emla.flow.gateway import Gateway
from emla.flow.line.four_eyes import require_approver
from emla.model.errors import InvalidMessageError, NotFoundError
from emla.model.person import Caller
from emla.ports.drafts import AloneRow
from emla.ports.store import Transaction


class SentAlone:
    """The journeys of what was sent in an emergency."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def review(self, by: Caller, message_id: bytes, *, agrees: bool, words: str) -> AloneRow:
        """Say, as the second person, whether a message should have gone.

        It went: this changes nothing of that. Who looked at it, and when, stands in the ledger.

        Raises:
            NotFoundError: ``not-found``.
            InvalidMessageError: ``own-draft``: it is by the same person; ``draft-decided``: somebody has looked at it.
        """
        row = self._gateway.store.read.alone(message_id)
        if row is None:
            raise NotFoundError("not-found", "No such message went without a second person.")
        at = self._gateway.now()
        facts: dict[str, str | int] = {"message": message_id.hex(), "by": by.id, "agrees": int(agrees)}
        told = event(self._gateway, ALONE_REVIEWED, facts)

        def operation(transaction: Transaction) -> None:
            require_approver(transaction, by.id, drafter=row.person)
            if not transaction.review_alone(message_id, by.id, at, agrees=agrees, words=words):
                raise InvalidMessageError("draft-decided", "Another approver has looked at it.")
            told(transaction)

        await self._gateway.store.write(operation)
        return self._gateway.store.read.alone(message_id) or row
