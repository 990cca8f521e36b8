"""`emla serve`: gateway and desk in one process, opener and clerk as its children. `line` and `apis` put
together what runs in them.

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

import uvloop

from emla.bootstrap.apis import Apis, apis_of
from emla.bootstrap.line import line_of
from emla.bootstrap.listeners import Listeners
from emla.bootstrap.logs import set_up_logs
from emla.bootstrap.own import SOCKET
from emla.bootstrap.parts import THE_MACHINE, Surroundings, open_parts
from emla.bootstrap.running import cancel, drain, until_stopped
from emla.bootstrap.serve_hub import serve_hub
from emla.bootstrap.system import give_large_blocks_back
from emla.bootstrap.unlock import Chosen, unlock_keys
from emla.keyring.folder import KeyFolder
from emla.keyring.tls import check_tls
from emla.model.settings import Role, Settings
from emla.sandbox.confine import keep_memory_in

logger = logging.getLogger("emla.serve")

_GC_ALLOCATIONS = 20_000


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
        line = line_of(parts)
        stack.push_async_callback(line.scans.close)
        await line.channels.ask_first(line.own)
        await line.own.start()
        await line.upkeep.sign_status()
        for peer in list(parts.gateway.directory.peers):
            await line.reseal(peer)
        apis = apis_of(parts, line)
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
        line.collect.end()
        await drain(parts.gateway, settings.operations.drain_seconds)
    logger.info("stopped", extra={"state": "stopped"})


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
