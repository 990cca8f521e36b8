"""Channel statuses and the guard of our ledger, put together; part of `serve`, apart from it because that file is long."""

from collections.abc import Callable
from dataclasses import dataclass

from emla.bootstrap.restored import forget_restored, is_restored
from emla.flow.channel import Channels
from emla.flow.channel_rounds import ChannelRounds
from emla.flow.channel_status import card_known
from emla.flow.gateway import Gateway
from emla.flow.ledger_watch import LedgerWatch
from emla.flow.own import Own
from emla.flow.recall_own import RecallOwn
from emla.flow.settle import Settle
from emla.flow.take_back import TakeBack
from emla.ports.transport import ChannelTransport
from emla.web.channel_api import ChannelApi
from emla.web.guard import Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """The journeys between two gateways that compare what they hold."""

    gateway: Gateway
    watch: LedgerWatch
    settle: Settle
    channels: Channels
    rounds: ChannelRounds
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

    def api(self, on_accepted: Callable[[bytes], None], guard: Guard) -> ChannelApi:
        """What peers may call; `on_accepted` is told of a package that came back and is to be opened."""
        take_back = TakeBack(self.gateway, self.watch, on_accepted)
        return ChannelApi(self.gateway, self.channels, self.settle, take_back, guard)

    async def ask_first(self, own: Own) -> None:
        """Before anything is signed: what do others hold of our documents and of our ledger?

        A copy that lags would sign its past anew.
        """
        recall = RecallOwn(self.gateway, self.transport, own, self.watch)
        if is_restored(self.gateway.settings.data):
            # Closed first: a leaf about what comes back would be signed into a tree that peers know otherwise.
            await self.watch.restored()
            await recall()
        await self.rounds.at_start()
        # A copy that nobody marked: peers have said that they know a later card of ours.
        if card_known(self.gateway) > self.gateway.identity.authority.card.version:
            await recall()


def channel_line(gateway: Gateway, transport: ChannelTransport) -> ChannelLine:
    """Build the journeys."""
    watch, settle = LedgerWatch(gateway), Settle(gateway, transport)
    channels = Channels(gateway, transport, watch, settle)
    return ChannelLine(
        gateway=gateway,
        watch=watch,
        settle=settle,
        channels=channels,
        rounds=ChannelRounds(gateway, channels, watch),
        transport=transport,
    )
