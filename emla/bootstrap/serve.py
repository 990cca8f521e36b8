"""`emla serve`: gateway and desk in one process, opener and clerk as its children. The only place where they are put together.

Start: unlock the keys, lock the folder, read documents, open the store (the ledger is recomputed before anything is signed),
sweep what crashes left, start opener and clerk, then listen. Stop (SIGTERM, SIGINT): take nothing new, finish what is under
way, close the store.
A failed storage ends the process at once with a code, and the next start recovers by the same functions as any start.
"""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import uvloop

from emla.bootstrap.channels import ChannelLine, channel_line
from emla.bootstrap.hubs import collector, contact_of, hub_ways, published
from emla.bootstrap.listeners import Listeners
from emla.bootstrap.logs import set_up_logs
from emla.bootstrap.own import SOCKET, write_own_file
from emla.bootstrap.parts import THE_MACHINE, Parts, Surroundings, open_parts
from emla.bootstrap.running import cancel, drain, until_stopped
from emla.bootstrap.schema_folder import schema_folder
from emla.bootstrap.serve_hub import serve_hub
from emla.bootstrap.status import Status, figures, readiness
from emla.bootstrap.system import give_large_blocks_back
from emla.bootstrap.told import events_api, feed_of
from emla.bootstrap.unlock import Chosen, unlock_keys
from emla.flow.acts import Effect
from emla.flow.clocks import Clocks
from emla.flow.dockets import Dockets
from emla.flow.documents.changes import Changes
from emla.flow.documents.own import Outlets, Own
from emla.flow.documents.peers import ForgetPeer, ImportPeer, PingPeer
from emla.flow.documents.profile import ChangeProfile
from emla.flow.documents.refresh import Refresh
from emla.flow.documents.reseal import Reseal
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.documents.upkeep import Upkeep
from emla.flow.gateway import Gateway
from emla.flow.happenings.feed import Feed
from emla.flow.line.accept import Accept
from emla.flow.line.deliver import DeliverLeg
from emla.flow.line.hand_over import HandOver
from emla.flow.line.legs import CloseLeg, Legs
from emla.flow.line.open import Open
from emla.flow.line.quarantine import ClosePackage, Quarantine
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.line.relay import Relay
from emla.flow.line.submit import Submit
from emla.flow.line.watch_legs import WatchLegs
from emla.flow.line.ways import Ways
from emla.flow.member.collect import Collect
from emla.flow.news import News
from emla.flow.people.people import People
from emla.flow.people.reads import Reads
from emla.flow.people.sight import Sight
from emla.flow.people.tokens import Tokens
from emla.flow.record_backup import RecordBackup
from emla.flow.reminders import Reminders
from emla.flow.statistics import CountCases
from emla.formats.genericode import CodeLists, deadlines
from emla.keyring.folder import KeyFolder
from emla.keyring.tls import check_tls
from emla.model.act import ActKind
from emla.model.limits import XmlLimits
from emla.model.settings import Role, Settings
from emla.sandbox.confine import keep_memory_in
from emla.web.authority_api import AuthorityApi
from emla.web.backups_api import BackupsApi
from emla.web.cases_api import CasesApi
from emla.web.connections import Connections
from emla.web.guard import Guard
from emla.web.incoming import Incoming
from emla.web.keys_api import KeysApi
from emla.web.ledger_api import LedgerApi
from emla.web.legs_api import LegsApi
from emla.web.operations import OperationsApi
from emla.web.peer_api import PeerApi
from emla.web.peers_api import PeersApi
from emla.web.people_api import PeopleApi
from emla.web.profile_api import ProfileApi
from emla.web.rights import Rights
from emla.web.statistics_api import StatisticsApi

logger = logging.getLogger("emla.serve")

_GC_ALLOCATIONS = 20_000


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
    feed: Feed

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
        )
        return [asyncio.create_task(each) for each in runs]


@dataclass(slots=True, kw_only=True)
class Apis:
    """What listens."""

    peer: PeerApi
    authority: AuthorityApi
    operations: OperationsApi
    guard: Guard


def serve(
    settings: Settings,
    on_ready: Callable[[int, int], None] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    chosen: Chosen | None = None,
) -> None:
    """Run a gateway, or a hub where the settings say so, until it is told to stop.

    Args:
        settings: checked settings.
        on_ready: called with the peer port (0: our card names no endpoint) and the operations port once everything listens.
        environment: where systemd says in which folder its credentials lie.
        chosen: what the command line says about passphrase and PIN.

    Raises:
        EmlaError: it could not start, or the storage failed.
    """
    # Before a secret is read: a crash must not write it to the disk, and no other process may look.
    keep_memory_in()
    # Before the log and the loop begin: a person may be asked, and the derivation holds the processor for a second.
    keys = unlock_keys(settings, environment or {}, chosen or Chosen())
    set_up_logs(settings.operations.log_level)
    give_large_blocks_back()
    # What is loaded by now stays for good: the collector need not look at it again each time it runs.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_ALLOCATIONS, 20, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if settings.serve.role == Role.HUB:
            runner.run(serve_hub(settings, keys, on_ready))
        else:
            runner.run(run_gateway(settings, keys, on_ready))


async def run_gateway(
    settings: Settings,
    keys: KeyFolder,
    on_ready: Callable[[int, int], None] | None = None,
    around: Surroundings = THE_MACHINE,
) -> None:
    """Run a gateway inside a running event loop, until a signal or a failure ends it.

    Raises:
        EmlaError: it could not start, or the storage failed.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        parts = await open_parts(settings, keys, stack, around)
        line = _line(parts)
        await line.channels.ask_first(line.own)
        await line.own.start()
        await line.upkeep.sign_status()
        for peer in list(parts.gateway.directory.peers):
            await line.reseal(peer)
        apis = _apis(parts, line)
        workers = line.workers()
        stack.push_async_callback(cancel, workers)
        listeners = Listeners(around.door)
        stack.push_async_callback(listeners.close)
        is_reachable = bool(parts.gateway.identity.authority.card.endpoints)
        peer_port, operations_port = await _listen(settings, apis, listeners, is_reachable=is_reachable)
        logger.info(
            "serving", extra={"authority": parts.gateway.identity.id, "port": peer_port, "state": "ready"}
        )
        if not parts.store.read.any_person():
            logger.info("nobody on record")
        if on_ready:
            on_ready(peer_port, operations_port)
        await until_stopped(stop, parts.failure.future, workers)
        apis.peer.stop()
        apis.authority.stopping = True
        line.news.end()
        line.feed.end()
        line.relay.end()
        await drain(parts.gateway, settings.operations.drain_seconds)
    logger.info("stopped", extra={"state": "stopped"})


def _line(parts: Parts) -> Line:
    """Put the journeys together, and connect what one tells another."""
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
    clocks = Clocks(gateway, deadlines(CodeLists(schema_folder()).get("CL-DEADLINE")))
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
        reminders=Reminders(gateway, dockets, clocks, news),
        feed=feed_of(parts),
    )


def _effects(gateway: Gateway, line: Line) -> dict[ActKind, Effect]:
    """What acts of two officers do."""
    return {
        ActKind.LEG_CLOSE: CloseLeg(gateway, line.relay, line.news),
        ActKind.PACKAGE_CLOSE: ClosePackage(gateway, line.news),
    }


def _apis(parts: Parts, line: Line) -> Apis:
    gateway, news, relay, ping = parts.gateway, line.news, line.relay, line.ping
    dockets = line.dockets
    tokens, sight, reads = Tokens(gateway), Sight(gateway), Reads(gateway)
    rights = Rights(tokens)
    guard = Guard(Connections(gateway.settings.limits), lambda: parts.store.waiting)
    status = Status(gateway, parts.store, parts.blobs, parts.opener, parts.clerk, line.take.figures)
    status.collect = line.collect
    status.reminders = line.reminders
    status.feed = line.feed
    operations = OperationsApi(
        readiness(gateway, parts.opener, parts.clerk, parts.failure.future), figures(status, guard)
    )
    status.watch(operations)

    def contact(peer: str) -> None:
        guard.contact(peer)
        line.contact(peer)

    return Apis(
        peer=PeerApi(
            gateway,
            Incoming(
                gateway,
                guard,
                package=Accept(gateway, line.opening.add, contact),
                acknowledgement=ReceiveAcknowledgement(gateway, news, contact),
            ),
            ping,
            relay,
            line.take,
            guard,
            line.channels.api(line.opening.add, guard),
        ),
        authority=AuthorityApi(
            gateway,
            listings=parts.listings,
            submit=Submit(gateway, parts.clerk, XmlLimits(), relay.add, dockets),
            hand_over=HandOver(gateway, news, relay.add),
            peers=PeersApi(
                gateway,
                listings=parts.listings,
                import_peer=ImportPeer(gateway),
                ping=ping,
                forget=ForgetPeer(gateway),
                contact=relay.contact,
            ),
            relay=relay,
            news=news,
            status=status,
            keys=KeysApi(
                gateway, Changes(gateway, line.own, parts.keys, _effects(gateway, line)), parts.keys
            ),
            legs=LegsApi(gateway, parts.listings, Legs(gateway, relay)),
            quarantine=Quarantine(gateway, line.opening.add),
            ledger=LedgerApi(gateway, line.channels.watch),
            backups=BackupsApi(RecordBackup(gateway)),
            cases=CasesApi(gateway, parts.listings, dockets, news, line.clocks, sight, reads),
            statistics=StatisticsApi(CountCases(gateway, dockets)),
            profile=ProfileApi(ChangeProfile(gateway, line.own, parts.keys)),
            people=PeopleApi(gateway, People(gateway), tokens, reads),
            events=events_api(gateway, line.feed, sight, rights),
            rights=rights,
            sight=sight,
        ),
        operations=operations,
        guard=guard,
    )


async def _listen(
    settings: Settings, apis: Apis, listeners: Listeners, *, is_reachable: bool
) -> tuple[int, int]:
    """Listen; for peers only where our card names an endpoint."""
    peer, peer_port = settings.peer, 0
    if is_reachable:
        tls = check_tls(settings.data / "tls")
        peer_port = await listeners.peers(
            apis.peer.application(), peer.listen_host, peer.listen_port, tls, apis.guard.connections
        )
    operations = settings.operations
    operations_port = await listeners.operations(
        apis.operations.application(), operations.listen_host, operations.listen_port
    )
    await listeners.socket(apis.authority.application(), settings.data / SOCKET)
    return peer_port, operations_port
