"""The durable and outside parts of a gateway, opened in their order: folder, keys, store, children, line."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from emla.bootstrap.listeners import OpenDoor, open_machine_door
from emla.bootstrap.own import DATABASE, own_authority
from emla.bootstrap.own_keys import OwnKeys, sweep_second_names
from emla.bootstrap.running import Failure, check_role
from emla.bootstrap.schema_folder import schema_folder
from emla.bootstrap.system import SystemClock, lock_folder, system_entropy
from emla.flow.documents.own import identity_at, ledger_key_at
from emla.flow.documents.peers import load_directory
from emla.flow.gateway import Gateway
from emla.keyring.files import OPENER_USES
from emla.keyring.folder import KeyFolder
from emla.model.settings import Role, ScannerSettings, Settings
from emla.ports.clock import Clock, Entropy
from emla.ports.scanner import Scanner
from emla.ports.webhooks import Targets
from emla.sandbox.clerk import ClerkProcess
from emla.sandbox.opener import OpenerProcess
from emla.sandbox.scan_command import sweep
from emla.sandbox.scanners import make_scanner
from emla.store.files import FileBlobs
from emla.store.sqlite.listings import SqliteListings, open_listings
from emla.store.sqlite.store import SqliteStore, open_store
from emla.transport.https import HttpsTransport
from emla.transport.webhooks import HttpTargets


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a gateway does not decide itself: time, chance, its files and its children. A simulation brings its own."""

    lock: Callable[[Path], IO[bytes]] = lock_folder
    clock: Callable[[], Clock] = SystemClock
    entropy: Entropy = system_entropy
    store: Callable[..., SqliteStore] = open_store
    listings: Callable[[Path], Awaitable[SqliteListings]] = open_listings
    opener: Callable[..., OpenerProcess] = OpenerProcess
    clerk: Callable[..., ClerkProcess] = ClerkProcess
    scanner: Callable[[ScannerSettings, Path], Scanner | None] = make_scanner
    door: OpenDoor = open_machine_door


THE_MACHINE = Surroundings()


@dataclass(slots=True)
class Parts:
    """The durable and outside parts of a running gateway."""

    gateway: Gateway
    store: SqliteStore
    blobs: FileBlobs
    listings: SqliteListings
    transport: HttpsTransport
    targets: Targets
    opener: OpenerProcess
    keys: OwnKeys
    clerk: ClerkProcess
    scanner: Scanner | None
    failure: Failure = field(default_factory=Failure)


async def open_parts(
    settings: Settings, folder: KeyFolder, stack: contextlib.AsyncExitStack, around: Surroundings
) -> Parts:
    """Open what a gateway stands on; whatever was opened is closed with the stack."""
    data = settings.data
    # First: whoever has the folder may publish other documents until it lets go.
    stack.enter_context(around.lock(data))
    authority = own_authority(data)
    scanner = around.scanner(settings.scanner, data)
    sweep(data)
    sweep_second_names(folder.folder)
    clock = around.clock()
    now = int(clock.now())
    keys = OwnKeys(folder.read(), folder.folder, read=folder.read)
    stack.callback(folder.tokens.close)
    identity = identity_at(authority, keys, now)
    store = around.store(data / DATABASE, ledger_key_at(authority, keys, now), folder.slow)
    stack.push_async_callback(store.close)
    check_role(store.read, Role.GATEWAY)
    blobs = FileBlobs(data, around.entropy)
    blobs.sweep(store.read.knows_payload, store.read.erased_payload)
    listings = await around.listings((data / DATABASE).absolute())
    stack.push_async_callback(listings.close)
    opener = around.opener(
        keys=folder.folder,
        schemas=schema_folder(),
        settings=settings.opener,
        wrapping=folder.wrapping(OPENER_USES),
    )
    keys.reload_opener = opener.reload
    clerk = around.clerk(schemas=schema_folder(), settings=settings.opener)
    stack.push_async_callback(opener.close)
    stack.push_async_callback(clerk.close)
    await asyncio.gather(opener.start(), clerk.start())
    transport = HttpsTransport(settings.peer, settings.limits)
    stack.push_async_callback(transport.close)
    targets = HttpTargets(settings.webhooks)
    stack.push_async_callback(targets.close)
    gateway = Gateway(
        identity=identity,
        directory=load_directory(list(store.read.peers())),
        store=store,
        blobs=blobs,
        clock=clock,
        entropy=around.entropy,
        settings=settings,
    )
    parts = Parts(gateway, store, blobs, listings, transport, targets, opener, keys, clerk, scanner)
    store.start(on_failure=parts.failure)
    return parts
