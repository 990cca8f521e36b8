"""retention: a closed case in which nothing came or went for as long as the settings say is erased. Off unless it is set.

Each case is an order of its own (E1 of `erase`); a crash between two leaves the second for the next round.

Rules of this file:
- Only what is closed on both sides' word, not on hold and wholly at rest; all else is left, round after round.
- A clock that is set forward while the server runs ends nothing before its time.
"""

import asyncio
import logging

from emla.flow.erasure.erase import Erase
from emla.flow.erasure.order import Order
from emla.flow.gateway import Gateway
from emla.model.erasure import ErasureReason
from emla.model.errors import ConfigurationError, NotFoundError

logger = logging.getLogger("emla.erase")

_ROUND_SECONDS = 3600.0
_STEP = 50
_PAUSE_SECONDS = 0.1
_DAY_SECONDS = 86400
_KEPT = frozenset({"legal-hold", "not-erasable", "case-changed"})


class Retention:
    """Runs a round each hour."""

    def __init__(self, gateway: Gateway, erase: Erase) -> None:
        self._gateway = gateway
        self._erase = erase

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> int:
        """Order the erasure of every case whose time has passed; how many there were."""
        days = self._gateway.settings.cases.erase_after_days
        if not days or self._gateway.ledger_closed():
            return 0
        before = int(self._gateway.surely_now()) - days * _DAY_SECONDS
        read, case_id, count = self._gateway.store.read, b"", 0
        while quiet := read.quiet_cases(case_id, before, _STEP):
            for case_id in quiet:
                count += await self._one(case_id, days)
            await asyncio.sleep(_PAUSE_SECONDS)
        return count

    async def _one(self, case_id: bytes, days: int) -> bool:
        try:
            plan = await self._erase.plan(case_id)
            if not plan.closed or plan.obstacles or plan.drafts:
                return False
            reason = f"Closed, and quiet for {days} days."
            await self._erase.order(plan, Order(why=ErasureReason.RETENTION, person="", reason=reason))
        except NotFoundError:
            return False
        except ConfigurationError as error:
            if error.code not in _KEPT:
                raise
            return False
        return True
