"""What a gateway needs to be reached, and to reach others, through hubs: put together here for `emla.bootstrap.serve`."""

from collections.abc import Callable
from dataclasses import dataclass

from emla.flow.channel.take_back import TakeBack
from emla.flow.documents.refresh import Refresh
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.gateway import Gateway
from emla.flow.line.accept import Accept
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.line.relay import Relay
from emla.flow.line.ways import Ways
from emla.flow.member.collect import Take
from emla.flow.member.items import TakeItems
from emla.flow.member.mailboxes import Collect
from emla.model.mailbox import ItemKind
from emla.transport.https import HttpsTransport
from emla.transport.hub import HttpsHubLine


@dataclass(frozen=True, slots=True, kw_only=True)
class HubWays:
    """The line to hubs, and what chooses between it and the direct one."""

    line: HttpsHubLine
    ways: Ways


def hub_ways(gateway: Gateway, transport: HttpsTransport) -> HubWays:
    """Make the line to hubs."""
    line = HttpsHubLine(transport, gateway.identity.id, gateway.sign_call)
    return HubWays(line=line, ways=Ways(gateway))


def collector(
    gateway: Gateway,
    hubs: HubWays,
    accept: Accept,
    receive: ReceiveAcknowledgement,
    take: TakeDocuments,
    take_back: TakeBack,
    take_status: Take,
    relay: Relay,
    on_reached: Callable[[str], None],
) -> Collect:
    """Make what collects our mailboxes, and let it and the relay know when a hub is pinned, or a peer has spoken."""
    items = TakeItems(gateway, accept, receive, take, take_back, relay.add)

    def reached(hub: str) -> None:
        hubs.ways.contact(hub)
        on_reached(hub)

    collect = Collect(gateway, hubs.line, {**items.table(), ItemKind.CHANNEL: take_status}, reached)

    def pinned(authority: str) -> None:
        collect.look()
        for peer in list(gateway.directory.peers.values()):
            if authority in peer.authority.card.hubs:
                relay.retry(peer.authority.id)  # it may be reached now

    gateway.signals.pinned = pinned
    gateway.signals.spoke = lambda peer: collect.look_again(items.earlier.spoke(peer))
    return collect


def contact_of(relay: Relay, refresh: Refresh) -> Callable[[str], None]:
    """What happens when a peer's word came out of our mailbox."""

    def contact(peer: str) -> None:
        relay.contact(peer)
        refresh.contact(peer)

    return contact


def published(collect: Collect, others: Callable[[], None]) -> Callable[[], None]:
    """What happens when our own documents have changed: `others`, and our hubs may be other ones."""

    def tell() -> None:
        others()
        collect.look()

    return tell
