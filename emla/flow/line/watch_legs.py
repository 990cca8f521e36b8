"""watch_legs: what time alone does to legs. One that is held expires like any other; one that waits long is called overdue.

Overdue is an observation, never a state: nothing moves by it, and the package is tried as before.
"""

import asyncio
import logging

from emla.flow.gateway import Gateway
from emla.flow.line.give_up import EXPIRED, give_up
from emla.flow.news import News
from emla.model.errors import ConfigurationError, StoreError

logger = logging.getLogger("emla.legs")

_ROUND_SECONDS = 60.0
_AT_ONCE = 100


class WatchLegs:
    """Looks at the legs each minute."""

    def __init__(self, gateway: Gateway, news: News) -> None:
        self._gateway = gateway
        self._news = news
        self._told: set[str] = set()
        """Peers whose overdue packages were spoken of, until none is."""

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> None:
        """One round."""
        await self._expire_held()
        self._tell_overdue()

    async def _expire_held(self) -> None:
        """O8 for what is held: nobody tries it, so nobody else would notice.

        Nothing while the ledger is closed: no RelayFailure can be signed then, and the officers need a gateway that runs.
        """
        gateway, read = self._gateway, self._gateway.store.read
        while not gateway.ledger_closed() and (
            over := read.held_and_over(int(gateway.surely_now()), _AT_ONCE)
        ):
            for leg in over:
                row = read.sent(leg.ref)
                if row is None:
                    raise StoreError("store-failed", f"Leg {leg.id} has no package.")
                try:
                    await gateway.store.write(give_up(gateway, row, EXPIRED))
                except ConfigurationError as error:  # closed at this moment, or the token does not answer
                    logger.warning("held leg not ended", extra={"leg": leg.id, "code": error.code})
                    return
                self._news.tell(leg.ref)

    def _tell_overdue(self) -> None:
        now, bounds = self._gateway.now(), self._gateway.settings.relay
        overdue = self._gateway.store.read.overdue(
            now - bounds.overdue_seconds, now - bounds.overdue_urgent_seconds
        )
        for peer, count, oldest in overdue:
            if peer not in self._told:
                logger.warning(
                    "packages overdue",
                    extra={"peer": peer, "packages_waiting": count, "seconds": now - oldest},
                )
        self._told = {peer for peer, _, _ in overdue}
