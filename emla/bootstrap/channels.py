"""Channel statuses and the guard of our ledger, put together; part of `serve`, apart from it because that file is long.

A hub has no channels of its own, but a ledger like anybody: its members are asked what they hold of it, and show it when they
call.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

from emla.bootstrap.hubs import HubWays
from emla.bootstrap.own import read_own_file
from emla.bootstrap.restored import forget_restored, is_restored
from emla.flow.channel.exchange import Channels
from emla.flow.channel.ledger_watch import BEHIND, LedgerWatch
from emla.flow.channel.own_status import card_known, profile_known
from emla.flow.channel.recall_own import RecallOwn
from emla.flow.channel.rounds import ChannelRounds
from emla.flow.channel.settle import Settle
from emla.flow.channel.take_back import TakeBack
from emla.flow.channel.ways import ChannelWays
from emla.flow.documents.own import Own
from emla.flow.gateway import Gateway
from emla.flow.member.mailboxes import Collect
from emla.flow.member.statuses import TakeStatus
from emla.model.channel import ChannelStatus
from emla.model.mailbox import ItemKind
from emla.ports.hub_line import HubLine
from emla.ports.transport import ChannelTransport
from emla.web.channel_api import ChannelApi
from emla.web.guard import Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """Our ledger, and the exchanges in which others show what they hold of it."""

    gateway: Gateway
    watch: LedgerWatch
    channels: Channels
    rounds: ChannelRounds
    transport: ChannelTransport

    def connect(self, retry: Callable[[str], object]) -> None:
        """Tell everybody when our ledger is closed or open again; `retry` tries what waits for a peer."""

        def opened() -> None:
            forget_restored(self.gateway.settings.data)
            self.rounds.want_all()
            for peer in self.gateway.directory.peers:
                retry(peer)

        self.gateway.signals.ledger_closed = self.rounds.want_all
        self.gateway.signals.ledger_opened = opened

    async def ask_first(self, own: Own) -> None:
        """Before anything is signed: what do others hold of our documents and of our ledger?

        A copy that lags would sign its past anew. So would a database that is new, or put back, beside our file of documents.
        """
        recall = RecallOwn(self.gateway, self.transport, own, self.watch)
        data = self.gateway.settings.data
        if is_restored(data):
            # Closed first: a leaf about what comes back would be signed into a tree that peers know otherwise.
            await self.watch.restored()
            await recall()
        if (copy := read_own_file(data)) is not None:
            await recall.from_file(copy)
        async with self._listening():
            await self.rounds.at_start()
        # A copy that nobody marked: peers have said that they know a later card or profile of ours, or more of our ledger.
        own_card, own_profile = (
            self.gateway.identity.authority.card.version,
            self.gateway.identity.authority.profile.version,
        )
        lags = profile_known(self.gateway) > own_profile or self.gateway.ledger_closed() == BEHIND
        if lags or card_known(self.gateway) > own_card:
            await recall()

    def _listening(self) -> AbstractAsyncContextManager[None]:
        """What else must run so that those who are asked can answer."""
        return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine(LedgerLine):
    """The journeys between two gateways that compare what they hold."""

    settle: Settle
    hub_line: HubLine
    heard: TakeStatus

    def take_back(self, on_accepted: Callable[[bytes], None]) -> TakeBack:
        """What takes packages back; `on_accepted` is told of one that is to be opened."""
        return TakeBack(self.gateway, self.watch, on_accepted)

    def api(self, on_accepted: Callable[[bytes], None], guard: Guard) -> ChannelApi:
        """What peers may call; `on_accepted` is told of a package that came back and is to be opened."""
        return ChannelApi(self.gateway, self.channels, self.settle, self.take_back(on_accepted), guard)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        """Whoever is reached through a hub answers into our mailbox; nothing but statuses is taken out of it yet."""
        collect = Collect(self.gateway, self.hub_line, {ItemKind.CHANNEL: self.heard})
        running = asyncio.create_task(collect.run(), name="collect-first")
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            self.heard.settling = True


def channel_line(
    gateway: Gateway, direct: ChannelTransport, hubs: HubWays, on_word: Callable[[str], None]
) -> ChannelLine:
    """Build the journeys; `on_word` is told whose word came out of our mailbox."""
    transport = ChannelWays(direct, hubs.line, hubs.ways)
    watch, settle = LedgerWatch(gateway), Settle(gateway, transport)
    channels = Channels(gateway, transport, watch, settle)
    return ChannelLine(
        gateway=gateway,
        watch=watch,
        settle=settle,
        channels=channels,
        rounds=ChannelRounds(gateway, channels, watch),
        hub_line=hubs.line,
        heard=TakeStatus(gateway, channels, settle, on_word),
        transport=transport,
    )


async def _no_consequences(_: str, __: ChannelStatus) -> None:
    """A hub has no channels, so nothing follows from a status."""


def hub_ledger(gateway: Gateway, transport: ChannelTransport) -> LedgerLine:
    """Build what guards the ledger of a hub. Members that nobody can call are heard when they call, and not asked."""
    watch = LedgerWatch(gateway)
    channels = Channels(gateway, transport, watch, _no_consequences)
    rounds = ChannelRounds(gateway, channels, watch)
    return LedgerLine(gateway=gateway, watch=watch, channels=channels, rounds=rounds, transport=transport)
