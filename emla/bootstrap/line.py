"""The journeys of a gateway, put together: what goes on by itself, and what several listeners share."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from emla.bootstrap.channels import ChannelLine, channel_line
from emla.bootstrap.hubs import collector, contact_of, hub_ways, published
from emla.bootstrap.own import write_own_file
from emla.bootstrap.parts import Parts
from emla.bootstrap.schema_folder import schema_folder
from emla.bootstrap.told import feed_of
from emla.flow.clocks import Clocks
from emla.flow.dockets import Dockets
from emla.flow.documents.own import Outlets, Own
from emla.flow.documents.peers import PingPeer
from emla.flow.documents.refresh import Refresh
from emla.flow.documents.reseal import Reseal
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.documents.upkeep import Upkeep
from emla.flow.drafts.drafts import Drafts
from emla.flow.erasure.erase import Erase
from emla.flow.erasure.retention import Retention
from emla.flow.happenings.feed import Feed
from emla.flow.happenings.tell import Tell
from emla.flow.line.accept import Accept
from emla.flow.line.deliver import DeliverLeg
from emla.flow.line.open import Open
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.line.relay import Relay
from emla.flow.line.scan import Scans
from emla.flow.line.submit import Submit
from emla.flow.line.watch_legs import WatchLegs
from emla.flow.line.ways import Ways
from emla.flow.member.mailboxes import Collect
from emla.flow.news import News
from emla.flow.people.sight import Sight
from emla.flow.reminders import Reminders
from emla.formats.genericode import CodeLists, deadlines
from emla.model.deadline import Deadline
from emla.model.limits import XmlLimits


@dataclass(slots=True, kw_only=True)
class Line:
    """The journeys that go on by themselves, and those that others share."""

    news: News
    relay: Relay
    opening: Open
    collect: Collect
    ways: Ways
    own: Own
    ping: PingPeer
    take: TakeDocuments
    refresh: Refresh
    reseal: Reseal
    upkeep: Upkeep
    watch: WatchLegs
    channels: ChannelLine
    clocks: Clocks
    dockets: Dockets
    reminders: Reminders
    scans: Scans
    erase: Erase
    retention: Retention
    submit: Submit
    drafts: Drafts
    feed: Feed
    tell: Tell

    def contact(self, peer: str) -> None:
        """An authenticated peer made contact: whatever waits for it is tried at once."""
        self.ways.contact(peer)
        self.relay.contact(peer)
        self.refresh.contact(peer)
        self.channels.rounds.contact(peer)

    def workers(self) -> list["asyncio.Task[None]"]:
        """Start what runs until the end."""
        runs = (
            self.relay.run(),
            self.opening.run(),
            self.refresh.run(),
            self.upkeep.run(),
            self.reseal.run(),
            self.collect.run(),
            self.watch.run(),
            self.channels.rounds.run(),
            self.reminders.run(),
            self.erase.run(),
            self.retention.run(),
            self.drafts.run(),
            self.tell.run(),
        )
        return [asyncio.create_task(each) for each in runs]


@cache
def _deadlines() -> Mapping[str, Deadline]:
    """The time limits of this installation, read once."""
    return deadlines(CodeLists(schema_folder()).get("CL-DEADLINE"))


def line_of(parts: Parts) -> Line:
    """Put the journeys together, and connect what one tells another; nothing of them runs yet."""
    gateway, news = parts.gateway, News()
    hubs = hub_ways(gateway, parts.transport)
    channels = channel_line(gateway, parts.transport, hubs, lambda peer: words(peer))  # `words` needs them
    deliver = DeliverLeg(gateway, parts.transport, news, hubs.line, hubs.ways)
    relay = Relay(gateway, channels.rounds.watch(deliver))
    reseal = Reseal(gateway, news, relay.add)

    async def on_news(peer: str) -> None:
        await reseal(peer)
        relay.retry(peer)

    ping = PingPeer(gateway, parts.transport)
    take = TakeDocuments(gateway, on_news)
    refresh = Refresh(gateway, parts.transport, ping, take, hubs.line, hubs.ways)
    gateway.signals.cards_seen = refresh.cards_seen
    gateway.signals.refused = refresh.refused
    gateway.signals.unheard = refresh.unheard
    gateway.signals.wake = relay.wake
    gateway.signals.key_gone = reseal.put_off
    opening = Open(gateway, parts.opener, news, relay.add)
    # A peer's word out of our mailbox shows that it is alive, and says nothing about its line: `Ways` is not told.
    words = contact_of(relay, refresh)
    accept = Accept(gateway, opening.add, words)
    collect = collector(
        gateway,
        hubs,
        accept,
        ReceiveAcknowledgement(gateway, news, words),
        take,
        channels.take_back(opening.add),
        channels.heard,
        relay,
        channels.rounds.hub_reached,
    )
    channels.connect(relay.retry)
    outlets = Outlets(
        ledger_key=parts.store.use_ledger_key,
        file=lambda export: write_own_file(gateway.settings.data, export),
        published=published(collect, refresh.published),
    )
    own = Own(gateway, parts.keys, outlets)
    dockets = Dockets(gateway, news)
    clocks = Clocks(gateway, _deadlines())
    erase, feed = Erase(gateway, parts.listings, dockets), feed_of(parts)
    reminders = Reminders(gateway, dockets, clocks, news)
    submit = Submit(gateway, parts.clerk, XmlLimits(), relay.add, dockets)
    return Line(
        news=news,
        relay=relay,
        opening=opening,
        collect=collect,
        ways=hubs.ways,
        own=own,
        ping=ping,
        take=take,
        refresh=refresh,
        reseal=reseal,
        upkeep=Upkeep(gateway, own, parts.keys),
        watch=WatchLegs(gateway, news),
        channels=channels,
        clocks=clocks,
        dockets=dockets,
        reminders=reminders,
        scans=Scans(gateway, parts.scanner),
        erase=erase,
        retention=Retention(gateway, erase, dockets, reminders.outlived),
        submit=submit,
        drafts=Drafts(gateway, submit),
        feed=feed,
        tell=Tell(gateway, feed, Sight(gateway), parts.targets),
    )
