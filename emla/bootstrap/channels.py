"""Channel statuses and the guard of our ledger, put together; part of `serve`, apart from it because that file is long."""

from collections.abc import Callable
from dataclasses import dataclass

from emla.bootstrap.restored import forget_restored, is_restored
from emla.flow.channel import Channels
from emla.flow.channel_rounds import ChannelRounds
from emla.flow.gateway import Gateway
from emla.flow.ledger_watch import LedgerWatch
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

    async def ask_first(self) -> None:
        """Before anything is signed: what do others hold of our ledger? A copy that lags would sign its past anew."""
        if is_restored(self.gateway.settings.data):
            await self.watch.restored()
        await self.rounds.at_start()


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
    )
