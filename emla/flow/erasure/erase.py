"""erase: everything that is here of a case is overwritten, unlinked and forgotten. What proves delivery stays.

Order of writes: E1 one batch: the order, the packages it is about, an event that says who ordered it; from its commit on nobody
reads them any more. E2 one batch for each package: record, keys, salt, act and small payload overwritten, what people said of
it too, and the event that says so. E3 the files of large payloads are unlinked. E4 the WAL is emptied, so that no older page
is left. E5 one batch: ERASED. A crash before E1: nothing was ordered. Behind it the next start goes on with what is not done.

Rules of this file:
- E2 comes with its leaf in one commit: content that is gone without a leaf is what an audit calls tampering.
- ERASED is said only when nothing can be found: while a reader holds older pages (an audit, a backup), the erasure goes on.
- What is under way is not erased: its leg would end without proof.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emla.flow.dockets import Dockets, Held
from emla.flow.events import ERASURE_ORDERED, EVENT_ERASED, PACKAGE_ERASED, RULE_OVERRIDDEN, event
from emla.flow.gateway import Gateway
from emla.formats import event as event_form
from emla.formats.at_rest import open_record
from emla.formats.manifest import decode as decode_manifest
from emla.model.erasure import Erasure, ErasureReason, ErasureState
from emla.model.errors import ConfigurationError, NotFoundError
from emla.model.leg import WAITING, InboxState, LegKind
from emla.ports.erasure import DoomedPackage
from emla.ports.listings import Listings
from emla.ports.store import Transaction

logger = logging.getLogger("emla.erase")

_BUSY_SECONDS = 1.0
_BUSY_SECONDS_MAX = 60.0
_SAID_SECONDS = 3600
"""What is said about a message is recorded with it, or moments before."""
_QUIET_STATES = frozenset({InboxState.CONSIGNED, InboxState.HANDED, InboxState.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an order would erase, and what stands against it."""

    case_id: bytes
    packages: tuple[bytes, ...]
    """Their ids."""
    received: int
    """How many of them came from peers."""
    also: tuple[bytes, ...]
    """Those that brought no act."""
    closed: bool
    obstacles: tuple[str, ...]
    """Each a sentence."""


class Erase:
    """The journey; bootstrap runs `run`."""

    def __init__(self, gateway: Gateway, listings: Listings, dockets: Dockets) -> None:
        self._gateway = gateway
        self._listings = listings
        self._dockets = dockets
        self._ordered = asyncio.Event()

    async def plan(self, case_id: bytes) -> Plan:
        """Say what an order would erase.

        Raises:
            NotFoundError: ``not-found``: nothing is here of such a case, or nothing any more.
        """
        held = await self._dockets.of(case_id)
        read = self._gateway.store.read
        found = read.packages_of_case(case_id)
        also = await self._also(case_id)
        if not found and not also:
            raise NotFoundError("not-found", "Nothing that could be erased is here of this case.")
        every = [*(each.pid for each in found), *also]
        obstacles = [words for pid in every if (words := self._obstacle(pid))]
        if hold := read.legal_hold(case_id):
            obstacles.insert(0, f"It is on legal hold: {hold.reason}")
        incoming = sum(each.incoming for each in found) + sum(read.received(pid) is not None for pid in also)
        return Plan(
            case_id=case_id,
            packages=tuple(every),
            received=incoming,
            also=tuple(also),
            closed=is_closed(held),
            obstacles=tuple(obstacles),
        )

    async def order(
        self, plan: Plan, *, why: ErasureReason, person: str, reason: str, although_open: bool = False
    ) -> None:
        """Order what a plan says; returns when the order is durable. `run` carries it out.

        Args:
            plan: as it was made a moment ago.
            why: why.
            person: the id of who orders it; empty where the retention period does.
            reason: in words.
            although_open: also a case that is not closed.

        Raises:
            ConfigurationError: ``legal-hold``; ``not-erasable``; ``case-changed``.
        """
        case_id, at = plan.case_id, self._gateway.now()
        if self._gateway.store.read.legal_hold(case_id):
            raise ConfigurationError("legal-hold", plan.obstacles[0] if plan.obstacles else "")
        obstacles = list(plan.obstacles)
        if not plan.closed and not although_open:
            obstacles.append("The case is not closed.")
        if obstacles:
            raise ConfigurationError("not-erasable", " ".join(obstacles))
        told = event(
            self._gateway,
            ERASURE_ORDERED,
            {"case": case_id.hex(), "why": why.value, "by": person, "reason": reason},
        )

        def operation(transaction: Transaction) -> int:
            if transaction.is_on_hold(case_id):
                raise ConfigurationError("legal-hold", "It was put on hold a moment ago.")
            told(transaction)
            count = transaction.order_erasure(case_id, plan.also, why, person, reason, at)
            if count != len(plan.packages):
                raise ConfigurationError("case-changed", "Something came or went in it a moment ago.")
            return count

        # E1: before this commit nothing was ordered; after it the erasure is carried out whatever happens to us.
        count = await self._gateway.store.write(operation)
        logger.warning(
            "erasure ordered", extra={"what": case_id.hex()[:8], "reason": why.value, "count": count}
        )
        self._dockets.forget(case_id)
        self._ordered.set()

    async def run(self) -> None:
        """Carry out what was ordered, also before the last stop, until cancelled."""
        while True:
            self._ordered.clear()
            await self.carry_out()
            await self._ordered.wait()

    async def carry_out(self) -> None:
        """Carry out every order; returns when nothing of them can be found any more."""
        for erasure in self._gateway.store.read.erasures_under_way():
            await self._one(erasure)

    async def _one(self, erasure: Erasure) -> None:
        store, blobs = self._gateway.store, self._gateway.blobs
        doomed = store.read.doomed(erasure.id)
        for each in doomed:
            self._gateway.fresh.take(each.payload_sha256)
            if not each.done:
                # E2: a crash between two packages goes on with the second.
                await store.write(self._overwritten(erasure, each))
        for each in doomed:
            # E3: again after a crash; what is gone is gone.
            await asyncio.to_thread(blobs.erase, each.payload_sha256)
        pause = _BUSY_SECONDS
        while not await store.empty_wal():  # E4
            logger.warning("erasure waits for a reader", extra={"what": erasure.case_id.hex()[:8]})
            await asyncio.sleep(pause)
            pause = min(pause * 2, _BUSY_SECONDS_MAX)
        at = self._gateway.now()
        await store.write(lambda transaction: transaction.finish_erasure(erasure.id, at))  # E5
        logger.warning("erased", extra={"what": erasure.case_id.hex()[:8], "count": len(doomed)})
        self._dockets.forget(erasure.case_id)

    def _overwritten(self, erasure: Erasure, package: DoomedPackage) -> Callable[[Transaction], None]:
        facts: dict[str, str | int] = {
            "pid": package.pid.hex(),
            "case": erasure.case_id.hex(),
            "why": erasure.why.value,
            "by": erasure.person,
        }
        told = event(self._gateway, PACKAGE_ERASED, facts)
        said = [
            (digest, event(self._gateway, EVENT_ERASED, {"event": digest.hex(), "pid": package.pid.hex()}))
            for digest in self._said_about(package)
        ]

        def operation(transaction: Transaction) -> None:
            transaction.overwrite(package.pid)
            told(transaction)
            for digest, tell in said:
                if transaction.overwrite_event(digest):
                    tell(transaction)

        return operation

    def _said_about(self, package: DoomedPackage) -> Sequence[bytes]:
        """Events that hold what an officer said about a message of ours: reasons in words, with a name."""
        if package.message_id is None:
            return ()
        named = package.message_id.hex()
        recorded = self._gateway.store.read.events_said(
            RULE_OVERRIDDEN, package.at - _SAID_SECONDS, package.at + _SAID_SECONDS
        )
        return [digest for digest, body in recorded if event_form.decode(body).facts["message"] == named]

    async def _also(self, case_id: bytes) -> list[bytes]:
        """Packages whose manifest names the case, and which brought no act of it: opened raw, or older than cases."""
        key = self._gateway.identity.content_key
        found = await self._listings.without_act()

        def those_of_the_case() -> list[bytes]:
            return [
                pid
                for pid, sealed in found
                if (record := open_record(sealed, content_key=key, pid=pid)) is not None
                and decode_manifest(record.manifest).conversation == case_id
            ]

        return await asyncio.to_thread(those_of_the_case)

    def _obstacle(self, pid: bytes) -> str | None:
        """Why a package cannot be erased now, as a sentence."""
        read = self._gateway.store.read
        leg = read.leg_of(LegKind.PACKAGE, pid)
        if leg is not None and leg.state in WAITING:
            return f"The package {pid.hex()[:8]} is still on its way."
        row = read.received(pid)
        if row is not None and row.state not in _QUIET_STATES:
            return f"The package {pid.hex()[:8]} is {row.state.value}."
        return None


def is_closed(held: Held) -> bool:
    """Whether everything that was begun in a case is closed."""
    own = held.docket.of_case(held.case_id)
    return bool(own) and all(each.closed for each in own)


def state_of(erasures: Sequence[Erasure]) -> ErasureState | None:
    """How far the erasure of a case is; None where nothing was ordered."""
    if not erasures:
        return None
    if any(each.state is ErasureState.ERASING for each in erasures):
        return ErasureState.ERASING
    return ErasureState.ERASED
