"""A gateway whose events are posted, to targets that answer as a script says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from emla.flow.events import CASE_REMINDER, event
from emla.flow.gateway import Gateway
from emla.flow.happenings.feed import Feed
from emla.flow.happenings.tell import Tell
from emla.flow.happenings.webhooks import Webhooks
from emla.flow.people.sight import Sight
from emla.formats.happening import compact, encode_happening
from emla.model.errors import TransportError
from emla.model.happening import Place
from emla.model.person import ALONE, Caller
from emla.model.webhook import Pause, Webhook
from emla.ports.webhooks import Answered
from emla.store.sqlite.listings import open_listings
from tests.support.gateways import Home, opened, until
from tests.support.received import AT, DE
from tests.support.told import all_of

CASE = bytes(range(16)).hex()


def shortest(size: int) -> bytes:
    """Entropy by which a pause after a failure is the shortest there is; ids differ all the same."""
    return bytes(4) if size == 4 else _ids(size)


def _ids(size: int, numbers: list[int] = [0]) -> bytes:  # noqa: B006 (it counts)
    numbers[0] += 1
    return numbers[0].to_bytes(size, "big")


@dataclass
class Scripted:
    """Targets without a network. What is posted to an address is answered as the script says; else 200; `hangs` never answer."""

    posted: list[tuple[str, bytes]] = field(default_factory=list)
    script: dict[str, list[int]] = field(default_factory=dict)
    hangs: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)

    def check(self, url: str) -> str:
        if url in self.refuses:
            raise TransportError("refused-target")
        return url

    async def post(self, url: str, fields: dict[str, str], body: bytes) -> Answered:
        self.check(url)
        self.posted.append((url, body))
        if url in self.hangs:
            await asyncio.Event().wait()
        return Answered(status=self.script[url].pop(0) if self.script.get(url) else 200)

    def bodies(self, url: str) -> list[bytes]:
        return [body for where, body in self.posted if where == url]


@dataclass
class Desk:
    """A gateway whose events are posted."""

    home: Home
    feed: Feed
    targets: Scripted
    tell: Tell
    webhooks: Webhooks

    @property
    def gateway(self) -> Gateway:
        return self.home.gateway

    async def remind(self, days: int, case: str = CASE) -> None:
        """Let something happen in a case."""
        facts: dict[str, str | int] = {"case": case, "kind": "soon", "days": days}
        await self.home.store.write(event(self.gateway, CASE_REMINDER, facts))

    async def told(self, count: int, after: Place | None = None) -> list[bytes]:
        """What the feed tells of so many reminders, as a webhook posts it."""
        found = [compact(encode_happening(each)) for each in await all_of(self.feed, after)]
        assert len(found) == count
        return found

    def row(self, webhook: Webhook) -> Webhook:
        found = self.home.store.read.webhook(webhook.id)
        assert found is not None
        return found

    async def add(self, url: str, by: Caller = ALONE, types: tuple[str, ...] = ()) -> Webhook:
        return await self.webhooks.add(by, url, types, None)

    @asynccontextmanager
    async def posting(self, tell: Tell | None = None) -> AsyncIterator[None]:
        """While events are posted."""
        running = asyncio.create_task((tell or self.tell).run())
        try:
            yield
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def paused(self, webhook: Webhook, most: int = 1000) -> Pause | None:
        """Why a webhook is paused, as soon as it is; `most`: more calls than that end the wait."""
        await until(
            lambda: self.row(webhook).paused is not None or len(self.targets.bodies(webhook.url)) > most
        )
        return self.row(webhook).paused


@asynccontextmanager
async def webhook_desk(folder: Path) -> AsyncIterator[Desk]:
    """A desk on a folder."""
    async with opened(folder, DE, AT, entropy=shortest) as home:
        listings = await open_listings(folder / "emla.db")
        feed = Feed(listings, home.store.read.case_of)
        home.store.on_commit(feed.tell)
        targets = Scripted()
        tell = Tell(home.gateway, feed, Sight(home.gateway), targets)
        try:
            yield Desk(home, feed, targets, tell, Webhooks(home.gateway, feed, tell))
        finally:
            await listings.close()
