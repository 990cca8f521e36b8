"""sweep: time ends what nobody collected. An item outlives its expiry by a week; then its bytes go, and the ledger says so.

Order of writes: H6 one batch ends the item, deletes its body and, for a package, records the event; then H5, as for a release.
"""

import asyncio
import logging

from emla.flow.events import MAILBOX_EXPIRED, event
from emla.flow.gateway import Gateway
from emla.flow.hub.deposit import Deposits
from emla.flow.hub.figures import HubFigures
from emla.flow.hub.mailbox import remove_blob
from emla.model.errors import ConfigurationError
from emla.model.mailbox import EXPIRY_GRACE_SECONDS, ItemKind, ItemState, MailboxItem
from emla.ports.store import DuplicateError, Transaction

logger = logging.getLogger("emla.hub")

_ROUND_SECONDS = 60.0
_AT_ONCE = 100


class HubSweep:
    """Runs a round each minute."""

    def __init__(self, gateway: Gateway, deposits: Deposits, figures: HubFigures) -> None:
        self._gateway = gateway
        self._deposits = deposits
        self._figures = figures

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self.round()
            except ConfigurationError as error:  # the token that signs the leaf of H6 does not answer
                logger.warning("item not ended", extra={"code": error.code})
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> None:
        """End everything that is over. A clock that is set forward while the hub runs ends nothing before its time."""
        before = int(self._gateway.surely_now()) - EXPIRY_GRACE_SECONDS
        while found := self._gateway.store.read.mailbox_expired(before, _AT_ONCE):
            for item in found:
                await self._end(item)

    async def _end(self, item: MailboxItem) -> None:
        gateway, at = self._gateway, self._gateway.now()
        record = event(
            gateway,
            MAILBOX_EXPIRED,
            {"item": item.item, "owner": item.owner, "pid": item.ref.hex(), "expires": item.expires},
        )

        def operation(transaction: Transaction) -> bytes | None:
            if item.kind is ItemKind.PACKAGE:
                record(transaction)
            return transaction.end_item(item.item, ItemState.EXPIRED, at)

        try:
            # H6
            left_over = await gateway.store.write(operation)
        except DuplicateError:
            return  # its owner has released it meanwhile
        self._figures.expired += 1
        if item.kind is ItemKind.PACKAGE:
            logger.warning("never collected", extra={"peer": item.owner, "pid": item.ref.hex()})
        await remove_blob(gateway, self._deposits, left_over)
