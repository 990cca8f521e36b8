"""webhooks: a person has events posted to a case system, pauses that, goes on with it, ends it.

Order of writes: W1 one batch holds a webhook's row, or its end, or its pause, with the event that tells of it. A crash before it
changes nothing. What is told, and when, is `tell`'s.

Rules of this file:
- A webhook is of the person who makes it, with the roles of the token it is made with. Others do not see it; an operator sees
  all of them, and may pause and end them, because it is the operator who sees that a target is broken. An operator resumes one
  where it stood: only its own person says that something is not told, or told again.
- What is said of one in the ledger has its id and its person's, never its address; when it is resumed, from where on.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emla.flow.events import WEBHOOK_ADDED, WEBHOOK_PAUSED, WEBHOOK_REMOVED, WEBHOOK_RESUMED, event
from emla.flow.gateway import Gateway
from emla.flow.happenings.feed import Feed
from emla.flow.happenings.tell import LOOKS, Tell, owner_of, types_of
from emla.formats.event import Facts
from emla.model.errors import InvalidMessageError, NotFoundError
from emla.model.happening import Place
from emla.model.person import Caller, PersonRole
from emla.model.webhook import WEBHOOKS_MAX, WEBHOOKS_OF_ONE_MAX, Pause, Webhook
from emla.ports.store import Transaction

_ID_BYTES = 8
_STEPS_MAX = 64
"""So many pages are looked through for what waits: 16,000 leaves."""
_COUNTED_MAX = 1000
"""Nobody needs to know by how many it is more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many events wait for a target. `more`: at least."""

    count: int
    more: bool


class Webhooks:
    """The journeys of webhooks."""

    def __init__(self, gateway: Gateway, feed: Feed, tell: Tell) -> None:
        self._gateway = gateway
        self._feed = feed
        self._tell = tell

    def of(self, caller: Caller) -> Sequence[Webhook]:
        """Those that a caller sees."""
        return [each for each in self._gateway.store.read.webhooks() if _sees(caller, each)]

    def one(self, caller: Caller, webhook: str) -> Webhook:
        """One that a caller sees.

        Raises:
            NotFoundError: ``not-found``.
        """
        found = self._gateway.store.read.webhook(webhook)
        if found is None or not _sees(caller, found):
            raise NotFoundError("not-found", "There is no such webhook of yours.")
        return found

    async def add(self, by: Caller, url: str, types: tuple[str, ...], after: Place | None) -> Webhook:
        """Have what happens behind a place posted to an address.

        Raises:
            TransportError: ``refused-target``.
            NotFoundError: ``place-unknown``.
            InvalidMessageError: ``bad-request``: there are as many as there may be, of this person or of all.
        """
        gateway = self._gateway
        await self._feed.step(after)
        webhook = Webhook(
            id=gateway.entropy(_ID_BYTES).hex(),
            person=by.id,
            roles=by.roles,
            url=self._tell.check(url),
            types=types,
            created_at=gateway.now(),
            place=after,
        )
        told = self._told(by, WEBHOOK_ADDED, webhook)

        def operation(transaction: Transaction) -> None:
            _require_room(transaction.webhooks(), by)
            transaction.insert_webhook(webhook)
            told(transaction)

        # W1: before this commit there is none; after it what happens is posted, whatever happens to us.
        await gateway.store.write(operation)
        self._tell.changed(webhook.id)
        return webhook

    async def remove(self, by: Caller, webhook: Webhook) -> None:
        """End a webhook. Its key ends with it: what it posted is still verified by whoever kept the public one."""
        told = self._told(by, WEBHOOK_REMOVED, webhook)

        def operation(transaction: Transaction) -> None:
            if transaction.remove_webhook(webhook.id):
                told(transaction)

        await self._gateway.store.write(operation)
        self._tell.changed(webhook.id)

    async def pause(self, by: Caller, webhook: Webhook) -> Webhook:
        """Post nothing until somebody resumes it. What happens meanwhile is posted then."""
        told, at = self._told(by, WEBHOOK_PAUSED, webhook), self._gateway.now()

        def operation(transaction: Transaction) -> None:
            if transaction.pause_webhook(webhook.id, Pause.BY_HAND, at):
                told(transaction)

        await self._gateway.store.write(operation)
        self._tell.changed(webhook.id)
        return self.one(by, webhook.id)

    async def resume(self, by: Caller, webhook: Webhook, after: Place | None) -> Webhook:
        """Go on posting behind a place. One that waits after a failure is tried at once.

        Args:
            after: mostly the place of the webhook, or the newest. Another one than the webhook's is for its own person to say.

        Raises:
            InvalidMessageError: ``not-allowed``: another place, for a webhook of somebody else.
            NotFoundError: ``place-unknown``.
            ConfigurationError: ``ledger-restored`` or ``ledger-behind``: it would be paused again at once.
        """
        self._gateway.require_ledger()
        _require_own(by, webhook, after)
        await self._feed.step(after)
        told = self._told(by, WEBHOOK_RESUMED, webhook, {"after": after.text if after else "beginning"})

        def operation(transaction: Transaction) -> None:
            kept = next((each for each in transaction.webhooks() if each.id == webhook.id), None)
            if kept is None or kept.paused is None:
                return
            _require_own(by, kept, after)  # its person may have put it elsewhere meanwhile
            if transaction.resume_webhook(webhook.id, after):
                told(transaction)

        await self._gateway.store.write(operation)
        self._tell.changed(webhook.id)
        return self.one(by, webhook.id)

    async def test(self, webhook: Webhook) -> int:
        """Post an event that says nothing; the status of the answer, which is a good one.

        Raises:
            TransportError: ``refused-target``; ``target-unreachable``.
        """
        return await self._tell.ping(webhook)

    async def backlog(self, webhook: Webhook) -> Backlog | None:
        """How many events wait for a target; None where nobody can say, because its place is none."""
        owner = owner_of(self._gateway, webhook)
        if owner is None:
            return Backlog(count=0, more=False)
        wanted, place, count = types_of(webhook), webhook.place, 0
        for _ in range(_STEPS_MAX):
            await asyncio.sleep(0)  # a page that is known does not suspend
            try:
                step = await self._feed.step(place)
            except NotFoundError:
                return None
            heard = [each for each in step.happenings if each.type in wanted]
            for looked, each in enumerate(heard, 1):
                count += self._tell.shown(wanted, owner, each) is not None
                if count > _COUNTED_MAX:
                    return Backlog(count=_COUNTED_MAX, more=True)
                if looked % LOOKS == 0:
                    await asyncio.sleep(0)
            place = step.place
            if not step.more:
                return Backlog(count=count, more=False)
        return Backlog(count=count, more=True)

    def _told(
        self, by: Caller, kind: str, webhook: Webhook, more: Facts | None = None
    ) -> Callable[[Transaction], None]:
        facts = {"by": by.id, "webhook": webhook.id, "person": webhook.person, **(more or {})}
        return event(self._gateway, kind, facts)


def _sees(caller: Caller, webhook: Webhook) -> bool:
    return caller.id == webhook.person or PersonRole.OPERATOR in caller.roles


def _require_room(webhooks: Sequence[Webhook], by: Caller) -> None:
    """One more must have room: beside those of its person, and beside all.

    Raises:
        InvalidMessageError: ``bad-request``.
    """
    if sum(each.person == by.id for each in webhooks) >= WEBHOOKS_OF_ONE_MAX:
        raise InvalidMessageError("bad-request", f"You have {WEBHOOKS_OF_ONE_MAX} webhooks: remove one.")
    if len(webhooks) >= WEBHOOKS_MAX:
        words = f"There are {WEBHOOKS_MAX} webhooks: an operator sees which are not needed any more."
        raise InvalidMessageError("bad-request", words)


def _require_own(by: Caller, webhook: Webhook, after: Place | None) -> None:
    """Who is told less, or again, is asked.

    Raises:
        InvalidMessageError: ``not-allowed``.
    """
    if by.id != webhook.person and after != webhook.place:
        words = "It is somebody else's: that person says from where on. Resume it where it stood."
        raise InvalidMessageError("not-allowed", words)
