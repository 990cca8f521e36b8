"""retention: what has outlived its time is erased, without anybody's order. Off unless it is set.

Two times: a closed case in which nothing came or went for as long as the settings say goes whole; the content of a message that
is held for another authority goes so long after the day for which its owner lets it be kept, where he says DELETE. Each is an
order of its own (E1 of `erase`); a crash between two leaves the second for a later round. And orders that waited for a second
person until their own time was over are forgotten.

Rules of this file:
- Only what is closed on both sides' word, not on hold and wholly at rest; all else is left, round after round.
- Of a message the content alone: its act stays, and the case stands as before.
- A clock that is set forward while the server runs ends nothing before its time.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from emla.cases.retention import erasable_since, held_for_others
from emla.flow.dockets import Dockets
from emla.flow.erasure.erase import Erase
from emla.flow.erasure.order import Order
from emla.flow.erasure.plan import Plan
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

    def __init__(self, gateway: Gateway, erase: Erase, dockets: Dockets, outlived: set[bytes]) -> None:
        """Args: the gateway, who erases, the cases, those with content that outlived its time (`flow.reminders` finds them)."""
        self._gateway = gateway
        self._erase = erase
        self._dockets = dockets
        self._outlived = outlived

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self.round()
            except ConfigurationError as error:  # the token that signs the leaf of an order does not answer
                logger.warning("erasure not ordered", extra={"code": error.code})
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> int:
        """Order the erasure of everything whose time has passed; how many orders there were."""
        if self._gateway.ledger_closed():
            return 0
        now = int(self._gateway.surely_now())
        if self._gateway.store.read.has_lapsed_orders(now):
            # They were told to nobody any more; behind this commit they are not kept either.
            await self._gateway.store.write(lambda transaction: transaction.drop_lapsed_orders(now))
        count = await self._whole_cases()
        while self._outlived:
            count += await self._contents(self._outlived.pop())
            await asyncio.sleep(0)
        return count

    async def _whole_cases(self) -> int:
        days = self._gateway.settings.cases.erase_after_days
        if not days:
            return 0
        before = int(self._gateway.surely_now()) - days * _DAY_SECONDS
        read, case_id, count = self._gateway.store.read, b"", 0
        while quiet := read.quiet_cases(case_id, before, _STEP):
            for case_id in quiet:
                count += await self._one(case_id, days)
            await asyncio.sleep(_PAUSE_SECONDS)
        return count

    async def _contents(self, case_id: bytes) -> int:
        """Order that the content of each message of a case goes whose time is over."""
        days, own = self._gateway.settings.cases.erase_outlived_days, self._gateway.identity.id
        held, at = await self._dockets.of(case_id), datetime.fromtimestamp(self._gateway.surely_now(), UTC)
        count = 0
        for holding in tuple(held_for_others(held.docket, own, case_id)) if days else ():
            row, since = held.package_of(holding.act), erasable_since(holding, at)
            if row is None or since is None or since + timedelta(days=days) >= at.date():
                continue
            reason = f"Its owner let it be kept until {since}."
            count += await self._given(case_id, row.pid, reason)
        return count

    async def _given(self, case_id: bytes, pid: bytes, reason: str) -> bool:
        try:
            await self._order(await self._erase.plan(case_id, pid), reason)
        except NotFoundError:
            return False
        except ConfigurationError as error:
            if error.code not in _KEPT:
                raise
            logger.info("kept longer", extra={"what": case_id.hex()[:8], "code": error.code})
            return False
        return True

    async def _order(self, plan: Plan, reason: str) -> None:
        await self._erase.order(plan, Order(why=ErasureReason.RETENTION, person="", reason=reason))

    async def _one(self, case_id: bytes, days: int) -> bool:
        try:
            plan = await self._erase.plan(case_id)
            if not plan.closed or plan.obstacles or plan.drafts:
                return False
            reason = f"Closed, and quiet for {days} days."
            await self._order(plan, reason)
        except NotFoundError:
            return False
        except ConfigurationError as error:
            if error.code not in _KEPT:
                raise
            return False
        return True
