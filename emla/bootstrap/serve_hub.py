"""`emla serve --role hub`: a mailbox for authorities that cannot be reached from outside. Neither opener nor clerk: nothing here
can be opened. Start, stop and failures are those of a gateway (`emla.bootstrap.serve`).
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass

from emla.bootstrap.channels import LedgerLine, hub_ledger
from emla.bootstrap.hub_status import HubStatus, hub_figures, hub_readiness
from emla.bootstrap.listeners import Listeners
from emla.bootstrap.own import DATABASE, SOCKET, own_authority, write_own_file
from emla.bootstrap.own_keys import OwnKeys, sweep_second_names
from emla.bootstrap.parts import THE_MACHINE, Surroundings
from emla.bootstrap.running import Failure, cancel, check_role, drain, until_stopped
from emla.flow.documents.changes import Changes
from emla.flow.documents.own import Outlets, Own, identity_at, ledger_key_at
from emla.flow.documents.peers import ForgetPeer, ImportPeer, PingPeer, load_directory
from emla.flow.documents.profile import ChangeProfile
from emla.flow.documents.refresh import Refresh
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.documents.upkeep import Upkeep
from emla.flow.gateway import Gateway
from emla.flow.hub.compare import CompareDeposits
from emla.flow.hub.deposit import Deposits
from emla.flow.hub.figures import HubFigures
from emla.flow.hub.mailbox import Mailbox, Waiting
from emla.flow.hub.sweep import HubSweep
from emla.keyring.folder import KeyFolder
from emla.keyring.tls import check_tls
from emla.model.settings import Role, Settings
from emla.store.files import FileBlobs
from emla.store.sqlite.listings import SqliteListings
from emla.store.sqlite.store import SqliteStore
from emla.transport.https import HttpsTransport
from emla.web.connections import Connections
from emla.web.guard import Guard
from emla.web.hub_api import HubApi
from emla.web.hub_channel_api import HubChannelApi
from emla.web.hub_desk import HubDesk
from emla.web.keys_api import KeysApi
from emla.web.ledger_api import LedgerApi
from emla.web.operations import OperationsApi
from emla.web.peers_api import PeersApi
from emla.web.profile_api import ProfileApi

logger = logging.getLogger("emla.serve")


@dataclass(slots=True)
class _Parts:
    """The durable and outside parts of a running hub."""

    gateway: Gateway
    store: SqliteStore
    blobs: FileBlobs
    listings: SqliteListings
    transport: HttpsTransport
    keys: OwnKeys
    failure: Failure


@dataclass(slots=True, kw_only=True)
class _Hub:
    """The journeys, and what listens."""

    own: Own
    upkeep: Upkeep
    refresh: Refresh
    sweep: HubSweep
    ledger: LedgerLine
    members: HubApi
    guard: Guard
    desk: HubDesk
    operations: OperationsApi

    def workers(self) -> list["asyncio.Task[None]"]:
        """Start what runs until the end."""
        runs = (self.refresh, self.upkeep, self.sweep, self.ledger.rounds)
        return [asyncio.create_task(each.run()) for each in runs]


async def serve_hub(
    settings: Settings,
    keys: KeyFolder,
    on_ready: Callable[[int, int], None] | None,
    around: Surroundings = THE_MACHINE,
) -> None:
    """Run a hub until it is told to stop.

    Raises:
        EmlaError: it could not start, or the storage failed.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        parts = await _open_parts(settings, keys, stack, around)
        hub = _hub(parts)
        await hub.ledger.ask_first(hub.own)
        await hub.own.start()
        await hub.upkeep.sign_status()
        workers = hub.workers()
        stack.push_async_callback(cancel, workers)
        listeners = Listeners(around.door)
        stack.push_async_callback(listeners.close)
        peer_port, operations_port = await _listen(settings, hub, listeners)
        logger.info(
            "serving", extra={"authority": parts.gateway.identity.id, "port": peer_port, "state": "ready"}
        )
        if on_ready:
            on_ready(peer_port, operations_port)
        await until_stopped(stop, parts.failure.future, workers)
        hub.members.stop()
        hub.desk.stopping = True
        await drain(parts.gateway, settings.operations.drain_seconds)
    logger.info("stopped", extra={"state": "stopped"})


async def _open_parts(
    settings: Settings, folder: KeyFolder, stack: contextlib.AsyncExitStack, around: Surroundings
) -> _Parts:
    data = settings.data
    # First: whoever has the folder may publish other documents until it lets go.
    stack.enter_context(around.lock(data))
    authority = own_authority(data)
    sweep_second_names(folder.folder)
    clock = around.clock()
    now = int(clock.now())
    keys = OwnKeys(folder.read(), folder.folder, read=folder.read)
    stack.callback(folder.tokens.close)
    store = around.store(data / DATABASE, ledger_key_at(authority, keys, now), folder.slow)
    stack.push_async_callback(store.close)
    check_role(store.read, Role.HUB)
    blobs = FileBlobs(data, around.entropy)
    blobs.sweep(store.read.knows_payload, store.read.erased_payload)
    listings = await around.listings((data / DATABASE).absolute())
    stack.push_async_callback(listings.close)
    transport = HttpsTransport(settings.peer, settings.limits)
    stack.push_async_callback(transport.close)
    gateway = Gateway(
        identity=identity_at(authority, keys, now),
        directory=load_directory(list(store.read.peers())),
        store=store,
        blobs=blobs,
        clock=clock,
        entropy=around.entropy,
        settings=settings,
    )
    failure = Failure()
    store.start(on_failure=failure)
    return _Parts(gateway, store, blobs, listings, transport, keys, failure)


async def _no_legs(_: str) -> None:
    """A hub sends no packages, so news about a member wakes nothing."""


def _nothing_waits(_: str) -> None:
    """Nor does anything wait here for its ledger to be open again: depositors come again."""


def _hub(parts: _Parts) -> _Hub:
    gateway = parts.gateway
    ping = PingPeer(gateway, parts.transport)
    take = TakeDocuments(gateway, _no_legs)
    refresh = Refresh(gateway, parts.transport, ping, take)
    gateway.signals.cards_seen = refresh.cards_seen
    outlets = Outlets(
        ledger_key=parts.store.use_ledger_key,
        file=lambda export: write_own_file(gateway.settings.data, export),
        published=refresh.published,
    )
    own = Own(gateway, parts.keys, outlets)
    ledger = hub_ledger(gateway, parts.transport)
    ledger.connect(_nothing_waits)
    figures, waiting = HubFigures(), Waiting()
    guard = Guard(Connections(gateway.settings.limits), lambda: parts.store.waiting)
    deposits = Deposits(gateway, take, waiting.tell, guard.contact, figures)
    status = HubStatus(gateway, parts.store, parts.blobs, take.figures, figures)
    operations = OperationsApi(hub_readiness(gateway, parts.failure.future), hub_figures(status, guard))
    status.watch(operations)
    peers = PeersApi(
        gateway,
        listings=parts.listings,
        import_peer=ImportPeer(gateway),
        ping=ping,
        forget=ForgetPeer(gateway),
        contact=refresh.contact,
    )
    keys_api = KeysApi(gateway, Changes(gateway, own, parts.keys), parts.keys)
    return _Hub(
        own=own,
        upkeep=Upkeep(gateway, own, parts.keys),
        refresh=refresh,
        sweep=HubSweep(gateway, deposits, figures),
        ledger=ledger,
        members=HubApi(
            gateway,
            deposits=deposits,
            mailbox=Mailbox(gateway, deposits, waiting, figures),
            waiting=waiting,
            ping=ping,
            take=take,
            compare=HubChannelApi(
                gateway, CompareDeposits(gateway, deposits, guard.contact), ledger.channels, guard
            ),
            guard=guard,
        ),
        guard=guard,
        desk=HubDesk(
            gateway,
            peers=peers,
            keys=keys_api,
            ledger=LedgerApi(gateway, ledger.watch),
            profile=ProfileApi(ChangeProfile(gateway, own, parts.keys)),
            status=status,
        ),
        operations=operations,
    )


async def _listen(settings: Settings, hub: _Hub, listeners: Listeners) -> tuple[int, int]:
    peer, operations = settings.peer, settings.operations
    tls = check_tls(settings.data / "tls")
    peer_port = await listeners.peers(
        hub.members.application(), peer.listen_host, peer.listen_port, tls, hub.guard.connections
    )
    operations_port = await listeners.operations(
        hub.operations.application(), operations.listen_host, operations.listen_port
    )
    await listeners.socket(hub.desk.application(), settings.data / SOCKET)
    return peer_port, operations_port
