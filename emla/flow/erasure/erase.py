"""erase: everything that is here of a case is overwritten, unlinked and forgotten. What proves delivery stays.

Here: carrying out what was ordered. Not here: what an order would be about (`plan`), giving it (`order`).

Order of writes: E1 one batch: the order, the packages it is about, the drafts that go with it, an event that says who ordered
it; from its commit on nobody reads them any more. E2 one batch for each package: record, keys, salt, act and small payload
overwritten, what people said of it too, and the event that says so. E3 the files of large payloads are unlinked, those of drafts
too. E4 the WAL is emptied, so that no older page is left. E5 one batch: ERASED. A crash before E1: nothing was ordered. Behind it
the next start goes on with what is not done.

Rules of this file:
- E2 comes with its leaf in one commit: content that is gone without a leaf is what an audit calls tampering.
- ERASED is said only when nothing can be found: while a reader holds older pages (an audit, a backup), the erasure goes on.
- An order about the content of one package leaves its act: a case is never computed from half its acts.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from emla.flow.dockets import Dockets
from emla.flow.erasure.order import Order, give
from emla.flow.erasure.plan import Plan, make_plan
from emla.flow.events import (
    CONTENT_ERASED,
    EVENT_ERASED,
    PACKAGE_ERASED,
    PART_RELEASED,
    RULE_OVERRIDDEN,
    SENT_ALONE,
    event,
)
from emla.flow.gateway import Gateway
from emla.formats import event as event_form
from emla.model.erasure import Erasure
from emla.model.errors import ConfigurationError, StoreError
from emla.ports.erasure import DoomedPackage
from emla.ports.listings import Listings
from emla.ports.store import Transaction

logger = logging.getLogger("emla.erase")

_AGAIN_SECONDS = 1.0
_AGAIN_SECONDS_MAX = 60.0
"""An order that could not be carried out wholly is tried again so much later, each time twice that."""
_SAID_SECONDS = 3600
"""What is said about a message is recorded with it, or moments before."""
_SAID_IN = (RULE_OVERRIDDEN, SENT_ALONE)
"""Events with words that a person wrote about a message of ours."""
_EVER = 2**53
"""A part may be let out at any time, whatever the clock says then."""


class Erase:
    """The journey; bootstrap runs `run`."""

    def __init__(self, gateway: Gateway, listings: Listings, dockets: Dockets) -> None:
        self._gateway = gateway
        self._listings = listings
        self._dockets = dockets
        self._ordered = asyncio.Event()

    async def plan(self, case_id: bytes, pid: bytes | None = None) -> Plan:
        """Say what an order would erase: everything of a case, or the content of one package that came in.

        Raises:
            NotFoundError: ``not-found``: nothing is here of it, or nothing any more.
        """
        return await make_plan(self._gateway, self._listings, self._dockets, case_id, pid)

    async def order(self, plan: Plan, order: Order) -> None:
        """Order what a plan says; returns when the order is durable. `run` carries it out.

        Args:
            plan: as it was made a moment ago.
            order: who wants it, and why.

        Raises:
            ConfigurationError: ``legal-hold``; ``not-erasable``; ``case-changed``.
        """
        await give(self._gateway, plan, order)
        self._dockets.forget(plan.case_id)
        self._ordered.set()

    async def run(self) -> None:
        """Carry out what was ordered, also before the last stop, until cancelled."""
        pause = _AGAIN_SECONDS
        while True:
            self._ordered.clear()
            done = await self.carry_out()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if done else pause):
                    await self._ordered.wait()
            pause = _AGAIN_SECONDS if done else min(pause * 2, _AGAIN_SECONDS_MAX)

    async def carry_out(self) -> bool:
        """Carry out every order; whether nothing of them can be found any more. One that has to wait holds up no other.

        E2 and E3 of all of them come first: what waits for a reader in E4 is only the word that it is done.
        """
        store = self._gateway.store
        orders = store.read.erasures_under_way()
        gone = [each for each in orders if await self._tried(each, self._forgotten)]
        if orders and not await store.empty_wal():  # E4: also where a file stays, what the log still has goes
            logger.warning("erasure waits for a reader", extra={"count": len(orders)})
            return False
        done = [each for each in gone if await self._tried(each, self._finished)]
        return len(done) == len(orders)

    async def _tried(self, erasure: Erasure, step: Callable[[Erasure], Awaitable[bool]]) -> bool:
        try:
            return await step(erasure)
        except ConfigurationError as error:  # the token that signs the leaf of E2 does not answer
            logger.warning("not erased", extra={"what": erasure.case_id.hex()[:8], "code": error.code})
            return False

    async def _forgotten(self, erasure: Erasure) -> bool:
        """E2 and E3 of one order; False when a file stays, for which E5 waits."""
        store = self._gateway.store
        doomed = store.read.doomed(erasure.id)
        for each in doomed:
            self._gateway.fresh.take(each.payload_sha256)
            if not each.done:
                # E2: a crash between two packages goes on with the second.
                await store.write(self._overwritten(erasure, each))
        files = (*(each.payload_sha256 for each in doomed), *store.read.doomed_drafts(erasure.id))
        # E3: again after a crash; what is gone is gone. All of them, though one stays.
        return all([await self._unlinked(erasure, sha256) for sha256 in files])

    async def _finished(self, erasure: Erasure) -> bool:
        at = self._gateway.now()
        await self._gateway.store.write(lambda transaction: transaction.finish_erasure(erasure.id, at))  # E5
        logger.warning("erased", extra={"what": erasure.case_id.hex()[:8], "count": erasure.packages})
        self._dockets.forget(erasure.case_id)
        return True

    async def _unlinked(self, erasure: Erasure, sha256: bytes) -> bool:
        """Unlink one file; False when that fails. It is that file's trouble: the database tells when the disk is broken."""
        try:
            await asyncio.to_thread(self._gateway.blobs.erase, sha256)
        except StoreError as error:
            what = erasure.case_id.hex()[:8]
            logger.error("file not erased", extra={"what": what, "code": error.code, "detail": error.detail})
            return False
        return True

    def _overwritten(self, erasure: Erasure, package: DoomedPackage) -> Callable[[Transaction], None]:
        facts: dict[str, str | int] = {
            "pid": package.pid.hex(),
            "case": erasure.case_id.hex(),
            "why": erasure.why.value,
            "by": erasure.person,
        }
        kind = PACKAGE_ERASED if erasure.pid is None else CONTENT_ERASED
        told = event(self._gateway, kind, facts)
        said = [
            (digest, event(self._gateway, EVENT_ERASED, {"event": digest.hex(), "pid": package.pid.hex()}))
            for digest in self._said_about(package)
        ]

        def operation(transaction: Transaction) -> None:
            if erasure.pid is None:
                transaction.overwrite(package.pid)
            else:
                transaction.overwrite_content(package.pid)
            told(transaction)
            for digest, tell in said:
                if transaction.overwrite_event(digest):
                    tell(transaction)

        return operation

    def _said_about(self, package: DoomedPackage) -> Sequence[bytes]:
        """Events that hold what a person said in words: about a message of ours, or why a part of a peer's was let out."""
        if package.message_id is None:
            return self._said(PART_RELEASED, "pid", package.pid, 0, _EVER)
        first, last = package.at - _SAID_SECONDS, package.at + _SAID_SECONDS
        return [
            digest
            for kind in _SAID_IN
            for digest in self._said(kind, "message", package.message_id, first, last)
        ]

    def _said(self, kind: str, fact: str, about: bytes, first: int, last: int) -> Sequence[bytes]:
        recorded = self._gateway.store.read.events_said(kind, first, last)
        return [digest for digest, body in recorded if event_form.decode(body).facts[fact] == about.hex()]
