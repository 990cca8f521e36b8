"""repeats: a call that bears an Idempotency-Key and comes again is answered as the first time, and nothing is done twice.

Rules of this file:
- Only what was done is kept. A call that was refused did nothing, so its key may come again with what was mended.
- Q1 the answer is kept in a batch of its own, behind that of the call and before the answer goes out. A crash between the two
  leaves what was done without its answer: the call that comes again is made again, as it would be without a key. What each call
  does the second time stands in docs/reference/authority-api.md. An act that was written for a call has its MessageId from the
  key, so it is the same act.
- What was done is answered as done, also when its answer cannot be kept.
"""

import logging

from emla.flow.gateway import Gateway
from emla.formats.at_rest import NONCE_BYTES
from emla.formats.kept_answer import CallKey, KeptAnswer, open_answer, seal_answer
from emla.model.errors import InvalidMessageError, StoreError
from emla.ports.repeats import KEPT_SECONDS, KeptAnswerRow
from emla.ports.store import Transaction

logger = logging.getLogger("emla.repeats")


class Repeats:
    """What was answered to calls with keys, and which of them are under way."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._under_way: set[bytes] = set()

    def begin(self, key: CallKey) -> KeptAnswer | None:
        """Begin a call, unless it was made already: then its answer. What is begun is ended by `end`.

        Raises:
            InvalidMessageError: ``idempotency-key-in-use``, ``idempotency-key-reused``.
        """
        if key.id in self._under_way:
            raise InvalidMessageError("idempotency-key-in-use")
        row = self._gateway.store.read.kept_answer(key.id)
        if row is not None and row.at > self._gateway.now() - KEPT_SECONDS:
            if row.fingerprint != key.fingerprint:
                raise InvalidMessageError("idempotency-key-reused")
            if answer := open_answer(row.sealed, key):
                return answer
        self._under_way.add(key.id)
        return None

    def end(self, key: CallKey) -> None:
        """A call is over."""
        self._under_way.discard(key.id)

    async def keep(self, key: CallKey, answer: KeptAnswer) -> None:
        """Keep what is about to be answered; returns when it is durable, or cannot be."""
        at = self._gateway.now()
        sealed = seal_answer(answer, key, self._gateway.entropy(NONCE_BYTES))
        row = KeptAnswerRow(id=key.id, fingerprint=key.fingerprint, sealed=sealed, at=at)

        def operation(transaction: Transaction) -> None:
            transaction.drop_answers(at - KEPT_SECONDS)
            transaction.keep_answer(row)

        try:
            await self._gateway.store.write(operation)
        except StoreError as error:
            logger.warning("answer not kept", extra={"code": error.code})
