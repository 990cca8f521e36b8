"""upkeep: what time alone brings. The next key's window begins; the status is a day old; something ends; a key is over.

Order of writes: K6 the event that a private key is destroyed is committed, then its file is removed. A crash between them leaves
a file that the next round removes, without a second event. Warnings are rows, so that a restart does not repeat them.

What is destroyed does not come back, so K6 takes more than our clock: `destroy` says what.
"""

import asyncio
import logging

from emla.flow.documents.key_life import Ending, destroy_at, documents_ending, keys_ending
from emla.flow.documents.own import Own, next_turn
from emla.flow.events import KEY_DESTROYED, event
from emla.flow.gateway import Gateway
from emla.flow.line.gate import freshness
from emla.formats.event import decode as decode_event
from emla.model.documents import KeyUse
from emla.model.errors import EmlaError, IllegalTransitionError, StoreError
from emla.ports.keys import PrivateKeys
from emla.ports.repeats import KEPT_SECONDS
from emla.ports.store import UPKEEP_PATIENCE_SECONDS
from emla.steps.trust import LATE_SECONDS, Freshness

logger = logging.getLogger("emla.upkeep")

_ROUND_SECONDS = 60.0
_STATUS_SECONDS = 86400
_EVENTS_MAX = 1000
_UNOPENED_MAX = 10_000


class Upkeep:
    """Runs a round each minute, and at the instant when a key's window begins."""

    def __init__(self, gateway: Gateway, own: Own, keys: PrivateKeys) -> None:
        self._gateway = gateway
        self._own = own
        self._keys = keys
        self._given: set[tuple[str, int]] = set()

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await asyncio.sleep(self._pause())
            await self.round()

    def _pause(self) -> float:
        turn = next_turn(self._own.authority, self._gateway.now())
        left = _ROUND_SECONDS if turn is None else turn - self._gateway.clock.now()
        return max(0.05, min(_ROUND_SECONDS, left))

    async def round(self) -> None:
        """One round. What fails is tried again in the next one; only a failed storage ends the process."""
        self._own.turn()
        for each in (self.sign_status, self.warn, self.destroy, self.let_go):
            try:
                await each()
            except (StoreError, IllegalTransitionError):
                raise
            except EmlaError as error:
                logger.error("upkeep failed", extra={"code": error.code, "detail": error.detail})
            except Exception:  # a bug of ours about one thing is not the others' trouble
                logger.exception("upkeep broke", extra={"code": "internal"})

    async def sign_status(self) -> None:
        """Sign a new status when the last one is a day old; not while the ledger is closed: peers are to notice that."""
        if self._gateway.ledger_closed():
            return
        status, now = self._own.authority.status, self._gateway.now()
        if status is None or now - status.at >= _STATUS_SECONDS:
            await self._own.adopt(lambda documents: documents)

    async def let_go(self) -> None:
        """Answers that were kept for calls that come again end after a day, also where no other call follows."""
        until = self._gateway.now() - KEPT_SECONDS
        oldest = self._gateway.store.read.oldest_answer()
        if oldest is not None and oldest <= until:
            await self._gateway.store.write(
                lambda transaction: transaction.drop_answers(until), patience_seconds=UPKEEP_PATIENCE_SECONDS
            )

    # --- warnings ---

    async def warn(self) -> None:
        """Say once for each threshold what ends soon, and which peer has been silent."""
        own, now = self._own.authority, self._gateway.now()
        endings = [*documents_ending(own), *keys_ending(own)]
        for peer in self._gateway.directory.peers.values():
            endings += documents_ending(peer.authority)
            if freshness(peer, now) is not Freshness.FRESH:
                await self._warn_late(peer.authority.id, max(peer.authority.fresh_at, peer.row.pinned_at))
        for ending in endings:
            await self._warn(ending, now)

    async def _warn(self, ending: Ending, now: int) -> None:
        days = ending.warning(now)
        if days is None:
            return
        subject = f"{ending.authority} {ending.what} {ending.name}"
        if await self._first(subject, days):
            logger.warning(
                "ends soon",
                extra={
                    "authority": ending.authority,
                    "what": ending.what,
                    "kid": ending.name,
                    "days": round(ending.days_left(now), 1),
                },
            )

    async def _warn_late(self, peer: str, since: int) -> None:
        if await self._first(f"{peer} status {since}", LATE_SECONDS // _STATUS_SECONDS):
            logger.warning("peer late", extra={"peer": peer, "seconds": self._gateway.now() - since})

    async def _first(self, subject: str, days: int) -> bool:
        """Whether this warning is given for the first time. The rows are asked once for each, so that no minute costs a write."""
        if (subject, days) in self._given:
            return False
        self._given.add((subject, days))
        return await self._gateway.store.write(
            lambda each: each.warn(subject, days), patience_seconds=UPKEEP_PATIENCE_SECONDS
        )

    # --- the end of sealing keys ---

    async def destroy(self) -> None:
        """Destroy the private halves of sealing keys for which nothing can arrive any more.

        A clock that is wrong destroys none: a peer has to date it the same (`_agreed`), and another key has to be in force here.
        """
        if self._gateway.ledger_closed():
            return  # what was lost may come back, sealed to an old key
        own, now = self._own.authority, self._agreed()
        past = [key for key in own.keys(KeyUse.SEAL) if now >= destroy_at(key)]
        if not past:
            return  # as in nearly every minute: the key files need not be read
        held = {each.kid for each in self._keys.held() if each.use is KeyUse.SEAL}
        if not any(own.key(kid, KeyUse.SEAL, now) for kid in held):
            return  # whatever the clocks say: these are all we have, and one that is kept too long can still be destroyed
        over = [key for key in past if key.kid in held]
        if not over or (waiting := self._sealed_to()) is None:
            return
        destroyed = 0
        for key in over:
            if key.kid in waiting:
                continue  # accepted in time, not opened yet
            if not self._recorded(key.kid):
                # K6
                await self._gateway.store.write(
                    event(self._gateway, KEY_DESTROYED, {"use": key.use.value, "kid": key.kid})
                )
            destroyed += await asyncio.to_thread(self._keys.destroy, KeyUse.SEAL, key.kid)
            logger.info("key destroyed", extra={"kid": key.kid})
        if destroyed:
            self._own.turn()  # at once: by a clock that was set back meanwhile, a key that is gone would still be ours
            await self._keys.reload()

    def _agreed(self) -> int:
        """The latest instant that is reached by our clock, by the seconds since the start, and by a peer's status; 0 without one.

        Who starts under a clock that is set forward has no other sign of it. Each peer dates a status every day, and one that is
        dated ahead of our clock is not taken.
        """
        said = max((peer.authority.fresh_at for peer in self._gateway.directory.peers.values()), default=0)
        return min(said, int(self._gateway.surely_now()))

    def _sealed_to(self) -> frozenset[str] | None:
        """The keys that unopened packages are sealed to; None when there are too many to look at."""
        rows = self._gateway.store.read.unopened(_UNOPENED_MAX)
        if len(rows) == _UNOPENED_MAX:
            return None
        return frozenset(self._gateway.subjects.of(row.pid, row.signed).header.kid for row in rows)

    def _recorded(self, kid: str) -> bool:
        events = self._gateway.store.read.events(KEY_DESTROYED, _EVENTS_MAX)
        return any(decode_event(each.body).facts.get("kid") == kid for each in events)
