"""recover: a ledger that is behind ends, and the next epoch begins, with a card that two officers and the root approved.

Order of writes: R4 is K2 of `own`, with one thing more in the batch: the closed ledger is kept as it stands, the event that
names it becomes the first leaf of the new one, what came late follows, and the key that the card lists signs its first
checkpoint. A crash before it leaves the ledger closed; after it the new epoch is in force.
"""

import logging
from collections.abc import Callable

from emla.flow.documents.own import newest_key
from emla.flow.events import LEDGER_RECOVERED
from emla.flow.gateway import Gateway
from emla.formats import event as event_form
from emla.ledger.batch import LedgerKey
from emla.model.documents import Authority, Card, KeyUse
from emla.model.errors import InvalidDocumentError
from emla.ports.keys import PrivateKeys
from emla.ports.store import Transaction

logger = logging.getLogger("emla.recover")


def check_epoch(known: Card, offered: Card, *, closed: bool, seen: int = 0) -> None:
    """Refuse a card whose epoch does not follow from the one in force.

    Args:
        known: the card in force.
        offered: the next one.
        closed: whether the ledger is closed.
        seen: the highest epoch of ours that a peer has shown: a backup of before it does not know it.

    Raises:
        InvalidDocumentError: ``invalid-document``.
    """
    if offered.epoch == known.epoch:
        return
    if not closed:
        raise InvalidDocumentError(
            "invalid-document", "The ledger is whole: a new epoch begins only where the old one was closed."
        )
    last = max(known.epoch, seen)
    if offered.epoch != last + 1:
        raise InvalidDocumentError(
            "invalid-document",
            f"The card opens epoch {offered.epoch}; after {last} comes {last + 1}.",
        )
    former = {key.kid for key in known.keys if key.use is KeyUse.LEDGER}
    ledger = [key for key in offered.keys if key.use is KeyUse.LEDGER]
    # One that would have begun later cannot end before that: it has a second then, and is not used.
    if any(key.not_after > max(offered.created, key.not_before + 1) for key in ledger if key.kid in former):
        raise InvalidDocumentError(
            "invalid-document", "A ledger key of the epoch that ends would go on; end it with the card."
        )


def begin_epoch(gateway: Gateway, keys: PrivateKeys, offered: Authority) -> Callable[[Transaction], None]:
    """The operation that ends the closed ledger and begins the one that a card names.

    Args:
        gateway: ours, with the card before.
        keys: where the new ledger key is.
        offered: the authority with the new card.
    """
    known, now, read = gateway.identity.authority.card, gateway.now(), gateway.store.read
    new = newest_key(offered, KeyUse.LEDGER, now)
    older = tuple(key.public for key in offered.keys(KeyUse.LEDGER) if key.kid != new.kid)
    key = LedgerKey(
        origin=offered.card.ledger_origin,
        public=new.public,
        sign=keys.signer(KeyUse.LEDGER, new.kid).sign,
        older=older,
    )
    largest = next((row.note for row in read.seen(gateway.identity.id) if row.epoch == known.epoch), b"")
    body = event_form.encode(
        event_form.RecordedEvent(
            kind=LEDGER_RECOVERED,
            at=now,
            nonce=gateway.entropy(event_form.NONCE_BYTES),
            facts={
                "origin": known.ledger_origin,
                "own": (read.newest_checkpoint() or b"").decode(),
                "known": largest.decode(),
            },
        )
    )
    return lambda transaction: transaction.begin_epoch(key, LEDGER_RECOVERED, now, body)
