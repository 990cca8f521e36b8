"""tell: what happened is posted to the targets of webhooks, to each in the order of the ledger, until it has answered.

Order of writes (docs/explanation/order-of-writes.md): W2 a target answers, and then one batch moves its place. A crash between
them posts the same again, with the same id; never is a place moved for what was not answered for. W3 one batch pauses a webhook
that cannot go on by itself.

Rules of this file:
- One task for each webhook. A target that is slow, broken or gone holds up no other, no stream and no package.
- Nothing is given up: what a target does not take is tried again, after a pause that doubles and has a chance in it, for as
  long as the ledger has it. What needs a person pauses the webhook, with a reason.
- Rights are asked for before each call, as they stand then: `flow.happenings.sight`, with the owner as the caller.
- Pages that are known never suspend, and each question about rights is a read. So between two turns of the loop a task looks at
  one page, and at a few of what is of its types: a webhook that has much behind it holds up nobody.
- After a restore nothing is posted before a person says from where on: the target knows more than this ledger.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import NoReturn

from emla.flow.backoff import delay_seconds
from emla.flow.gateway import Gateway
from emla.flow.happenings.feed import Feed
from emla.flow.happenings.sight import shown
from emla.flow.people.sight import Sight
from emla.formats.happening import compact, encode_happening, encode_instant
from emla.formats.webhook import NONCE_BYTES, Posted, signed_fields, webhook_key
from emla.model.errors import NotFoundError, TransportError
from emla.model.happening import Happening, HappeningType, Place, wanted_types
from emla.model.person import ALONE, CONTENT, Caller, PersonRole, PersonState
from emla.model.webhook import PING, Pause, Webhook
from emla.ports.store import UPKEEP_PATIENCE_SECONDS
from emla.ports.webhooks import Answered, Targets

logger = logging.getLogger("emla.webhook")

_LOOK_SECONDS = 60.0
"""How long nobody looks whether a webhook may go on, where nothing is committed meanwhile."""
_KEEP_SECONDS = 1.0
"""While one event follows another, the place is kept so often: a crash posts no more than that again."""
_KEEP_LEAVES = 4096
"""So many leaves in which nothing was for a webhook are not looked through again after a start."""
LOOKS = 16
"""So many happenings are looked at between two turns of the loop: each asks the store for rights."""
_GONE = 410
_HEARERS = CONTENT | {PersonRole.OPERATOR}
_CLOSED_BY_RESTORE = frozenset({"ledger-restored", "ledger-behind"})
_DETAIL_CHARACTERS_MAX = 200


class StoppedError(Exception):
    """A webhook ends, is paused, or was moved by somebody: its task has nothing more to do."""


class Tell:
    """Runs a task for each webhook that is not paused."""

    def __init__(self, gateway: Gateway, feed: Feed, sight: Sight, targets: Targets) -> None:
        self._gateway = gateway
        self._feed = feed
        self._sight = sight
        self._targets = targets
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self.results: Counter[str] = Counter()
        """Calls since the start, by what came of them: `taken`, `refused`, `unreachable`."""

    def check(self, url: str) -> str:
        """The address as it will be called.

        Raises:
            TransportError: ``refused-target``.
        """
        return self._targets.check(url)

    def changed(self, webhook: str) -> None:
        """A webhook was made, ended, paused or resumed: what it was doing ends, and it begins where its row says."""
        if webhook in self._tasks:
            self._tasks[webhook].cancel()
        self._changed.set()

    async def run(self) -> None:
        """Post until cancelled."""
        try:
            while True:
                self._changed.clear()
                self._match()
                changed = asyncio.create_task(self._changed.wait())
                try:
                    await asyncio.wait({changed, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    changed.cancel()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _match(self) -> None:
        """One task for each webhook that is not paused, and none for any other."""
        for webhook, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[webhook]
                if not task.cancelled() and (error := task.exception()):
                    raise error
        if self._feed.ended:
            return
        for each in self._gateway.store.read.webhooks():
            if each.paused is None and each.id not in self._tasks:
                self._tasks[each.id] = asyncio.create_task(self._follow(each.id))

    # --- one webhook ---

    async def _follow(self, webhook_id: str) -> None:
        try:
            at = _At(self._active(webhook_id))
            while not self._feed.ended:
                await asyncio.sleep(0)
                webhook, _ = await self._able(webhook_id)
                try:
                    step = await self._feed.step(at.seen)
                except NotFoundError:
                    await self._pause(webhook, Pause.PLACE)
                await self._look(webhook_id, at, step.happenings)
                at.seen = step.place
                if not step.more:
                    await self._keep(webhook_id, at)
                    await self._feed.wait(step.version, _LOOK_SECONDS)
        except StoppedError:
            return

    async def _look(self, webhook_id: str, at: "_At", happenings: Sequence[Happening]) -> None:
        """Tell what is for the webhook's person of a page."""
        heard = [each for each in happenings if each.type in at.heard]
        for first in range(0, len(heard), LOOKS):
            if first:
                await asyncio.sleep(0)
            _, owner = await self._able(webhook_id)
            for each in heard[first : first + LOOKS]:
                if self.shown(at.wanted, owner, each) or each.type is HappeningType.LEDGER_RECOVERED:
                    await self._tell(webhook_id, at, each)
                    _, owner = await self._able(webhook_id)  # time went by

    async def _tell(self, webhook_id: str, at: "_At", happening: Happening) -> None:
        """Post a happening until the target has answered for it; nothing where it is not for the webhook's person."""
        failures = 0
        while True:
            webhook, owner = await self._able(webhook_id)
            said = self.shown(at.wanted, owner, happening)
            if said is None:
                break
            pause = await self._posted(webhook, at, compact(encode_happening(said)), failures)
            if pause is None:
                at.answered(said.place, self._gateway.now())
                if self._gateway.clock.steady() - at.kept >= _KEEP_SECONDS:
                    await self._keep(webhook_id, at)
                break
            failures += 1
            await asyncio.sleep(pause)
        if happening.type is HappeningType.LEDGER_RECOVERED and happening.at >= webhook.created_at:
            at.seen = happening.place
            await self._keep(webhook_id, at, also_quiet=True)
            await self._pause(webhook, Pause.RESTORED)

    async def _posted(self, webhook: Webhook, at: "_At", body: bytes, failures: int) -> float | None:
        """Make one call; None when it was taken, else how long to wait before the next one."""
        try:
            answered = await self._targets.post(webhook.url, self._fields(webhook, body), body)
        except TransportError as error:
            await self._keep(webhook.id, at)  # what it did take before
            if error.code == "refused-target":
                await self._pause(webhook, Pause.REFUSED)
            self.results["unreachable"] += 1
            return await self._failed(webhook, error.code, error.detail, failures, 0.0)
        if 200 <= answered.status < 300:
            self.results["taken"] += 1
            if failures or webhook.failures:
                logger.info("webhook taken again", extra={"what": webhook.id})
            return None
        await self._keep(webhook.id, at)
        if answered.status == _GONE:
            await self._pause(webhook, Pause.GONE)
        self.results["refused"] += 1
        words = f"It answered {answered.status}."
        seconds = answered.retry_after_seconds
        return await self._failed(webhook, f"http-{answered.status}", words, failures, seconds)

    async def _failed(
        self, webhook: Webhook, code: str, detail: str, failures: int, asked_seconds: float
    ) -> float:
        """Note a failure; how long to wait."""
        chance = int.from_bytes(self._gateway.entropy(4), "big") / 2**32
        seconds = delay_seconds(failures + 1, urgent=True, chance=chance, retry_after=asked_seconds)
        if not failures:
            logger.warning(
                "webhook not taken", extra={"what": webhook.id, "code": code, "seconds": round(seconds, 1)}
            )
        at, words = self._gateway.now(), detail[:_DETAIL_CHARACTERS_MAX]
        # A crash before this commit forgets a failure, which is harmless; so it has patience.
        await self._gateway.store.write(
            lambda transaction: transaction.fail_webhook(webhook.id, at, code, words),
            patience_seconds=UPKEEP_PATIENCE_SECONDS,
        )
        return seconds

    async def ping(self, webhook: Webhook) -> int:
        """Post an event that says nothing; the status of a good answer.

        Raises:
            TransportError: ``refused-target``; ``target-unreachable``.
        """
        at = encode_instant(self._gateway.now())
        body = compact({"id": None, "type": PING, "at": at, "pid": None, "case": None})
        answered: Answered = await self._targets.post(webhook.url, self._fields(webhook, body), body)
        if not 200 <= answered.status < 300:
            raise TransportError("target-unreachable", f"It answered {answered.status}.")
        return answered.status

    def _fields(self, webhook: Webhook, body: bytes) -> dict[str, str]:
        gateway = self._gateway
        posted = Posted(
            webhook=webhook.id,
            url=webhook.url,
            body=body,
            created=gateway.now(),
            nonce=gateway.entropy(NONCE_BYTES),
        )
        return signed_fields(posted, webhook_key(gateway.identity.content_key, webhook.id))

    def shown(
        self, wanted: frozenset[HappeningType], owner: Caller, happening: Happening
    ) -> Happening | None:
        """A happening as a webhook of these types tells it; None where it is not for it."""
        return shown(happening, owner, self._sight) if happening.type in wanted else None

    # --- places and pauses ---

    async def _keep(self, webhook_id: str, at: "_At", *, also_quiet: bool = False) -> None:
        """W2: before this commit the target has answered for what stands behind the place, and is told it again after a crash."""
        told_at, place = at.told_at, at.seen
        if told_at is None and not (also_quiet or at.is_far):
            return
        before = at.place
        moved = await self._gateway.store.write(
            lambda transaction: transaction.move_webhook(webhook_id, before, place, told_at)
        )
        if not moved:
            raise StoppedError  # somebody paused it, moved it or ended it meanwhile
        at.place, at.told_at, at.kept = place, None, self._gateway.clock.steady()

    async def _able(self, webhook_id: str) -> tuple[Webhook, Caller]:
        """The webhook as it stands now, and whose sight it has now.

        Raises:
            StoppedError: it may not be told anything now.
        """
        webhook = self._active(webhook_id)
        owner = owner_of(self._gateway, webhook)
        if owner is None:
            await self._pause(webhook, Pause.OWNER)
        if self._gateway.ledger_closed() in _CLOSED_BY_RESTORE:
            await self._pause(webhook, Pause.RESTORED)
        return webhook, owner

    def _active(self, webhook_id: str) -> Webhook:
        webhook = self._gateway.store.read.webhook(webhook_id)
        if webhook is None or webhook.paused is not None:
            raise StoppedError
        return webhook

    async def _pause(self, webhook: Webhook, why: Pause) -> NoReturn:
        """W3: before this commit the webhook runs, and the next start finds the same again; after it a person must act."""
        at = self._gateway.now()
        await self._gateway.store.write(
            lambda transaction: transaction.pause_webhook(webhook.id, why, at),
        )
        logger.warning("webhook paused", extra={"what": webhook.id, "reason": why.value})
        raise StoppedError


class _At:
    """How far a task has come."""

    __slots__ = ("heard", "kept", "place", "seen", "told_at", "wanted")

    def __init__(self, webhook: Webhook) -> None:
        self.wanted = types_of(webhook)
        self.heard = self.wanted | {HappeningType.LEDGER_RECOVERED}
        """What is looked at: that the ledger begins anew stops every webhook."""
        self.place = webhook.place
        """What is kept."""
        self.seen = webhook.place
        """Up to where there is nothing more to tell."""
        self.told_at: int | None = None
        """When the target answered last, where that is not kept yet."""
        self.kept = 0.0

    def answered(self, place: Place, at: int) -> None:
        """The target has answered for all up to a place."""
        self.seen, self.told_at = place, at

    @property
    def is_far(self) -> bool:
        """Whether much was looked through since, though nothing of it was told."""
        if self.seen is None:
            return False
        epoch, index = (self.place.epoch, self.place.index) if self.place else (self.seen.epoch, 0)
        return self.seen.epoch != epoch or self.seen.index - index >= _KEEP_LEAVES


def types_of(webhook: Webhook) -> frozenset[HappeningType]:
    """The types that a webhook is told; they never change."""
    return wanted_types(webhook.types) or frozenset()


def owner_of(gateway: Gateway, webhook: Webhook) -> Caller | None:
    """Whose sight a webhook has, as things stand now; None where nobody's."""
    read = gateway.store.read
    if not read.any_person():
        return ALONE if webhook.person == ALONE.id else None
    person = read.person(webhook.person)
    if person is None or person.id != webhook.person or person.state is not PersonState.ACTIVE:
        return None
    roles = person.roles & webhook.roles
    return Caller(id=person.id, roles=roles, name=person.name) if roles & _HEARERS else None
