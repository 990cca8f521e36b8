"""Channel statuses and the guard of our ledger, put together; part of `serve`, apart from it because that file is long."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from emla.bootstrap.hubs import HubWays
from emla.bootstrap.restored import forget_restored, is_restored
from emla.flow.channel.exchange import Channels
from emla.flow.channel.ledger_watch import LedgerWatch
from emla.flow.channel.own_status import card_known
from emla.flow.channel.recall_own import RecallOwn
from emla.flow.channel.rounds import ChannelRounds
from emla.flow.channel.settle import Settle
from emla.flow.channel.take_back import TakeBack
from emla.flow.channel.ways import ChannelWays
from emla.flow.documents.own import Own
from emla.flow.gateway import Gateway
from emla.flow.hub.compare import CompareDeposits
from emla.flow.hub.deposit import Deposits
from emla.flow.member.collect import Collect
from emla.flow.member.statuses import TakeStatus
from emla.model.channel import ChannelStatus
from emla.model.mailbox import ItemKind
from emla.ports.hub_line import HubLine
from emla.ports.transport import ChannelTransport
from emla.web.channel_api import ChannelApi
from emla.web.guard import Guard
from emla.web.hub_channel_api import HubChannelApi


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """The journeys between two gateways that compare what they hold."""

    gateway: Gateway
    watch: LedgerWatch
    settle: Settle
    channels: Channels
    rounds: ChannelRounds
    hub_line: HubLine
    heard: TakeStatus
    transport: ChannelTransport

    def connect(self, retry: Callable[[str], None]) -> None:
        """Tell everybody when our ledger is closed or open again; `retry` tries the legs to a peer."""

        def opened() -> None:
            forget_restored(self.gateway.settings.data)
            self.rounds.want_all()
            for peer in self.gateway.directory.peers:
                retry(peer)

        self.gateway.signals.ledger_closed = self.rounds.want_all
        self.gateway.signals.ledger_opened = opened

    def take_back(self, on_accepted: Callable[[bytes], None]) -> TakeBack:
        """What takes packages back; `on_accepted` is told of one that is to be opened."""
        return TakeBack(self.gateway, self.watch, on_accepted)

    def api(self, on_accepted: Callable[[bytes], None], guard: Guard) -> ChannelApi:
        """What peers may call; `on_accepted` is told of a package that came back and is to be opened."""
        return ChannelApi(self.gateway, self.channels, self.settle, self.take_back(on_accepted), guard)

    async def ask_first(self, own: Own) -> None:
        """Before anything is signed: what do others hold of our documents and of our ledger?

        A copy that lags would sign its past anew.
        """
        recall = RecallOwn(self.gateway, self.transport, own, self.watch)
        if is_restored(self.gateway.settings.data):
            # Closed first: a leaf about what comes back would be signed into a tree that peers know otherwise.
            await self.watch.restored()
            await recall()
        async with self._collecting():
            await self.rounds.at_start()
        # A copy that nobody marked: peers have said that they know a later card of ours.
        if card_known(self.gateway) > self.gateway.identity.authority.card.version:
            await recall()
        self.heard.settling = True

    @asynccontextmanager
    async def _collecting(self) -> AsyncIterator[None]:
        """Whoever is reached through a hub answers into our mailbox; nothing but statuses is taken out of it yet."""
        collect = Collect(self.gateway, self.hub_line, {ItemKind.CHANNEL: self.heard})
        running = asyncio.create_task(collect.run(), name="collect-first")
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


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


def hub_channels(
    gateway: Gateway, transport: ChannelTransport, deposits: Deposits, guard: Guard
) -> HubChannelApi:
    """What members of a hub may call about channels. Its own ledger is shown to them, and witnessed by them, like a gateway's."""
    channels = Channels(gateway, transport, None, _no_consequences)
    return HubChannelApi(gateway, CompareDeposits(gateway, deposits, guard.contact), channels, guard)
