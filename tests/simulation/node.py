"""One gateway of a simulation: a data folder, and the process that serves it, or does not at the moment.

The process is `emla.bootstrap.serve.run_gateway` itself, or that of a hub. Only its surroundings are ours: clock and chance are
the run's, opener and clerk do their work in this process, and the lock and the store are noted so that a death can take them
away.
"""

import asyncio
import contextvars
import random
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import IO, Any, cast

from aiohttp import web

from emla.bootstrap.listeners import Closeable
from emla.bootstrap.own import SOCKET
from emla.bootstrap.parts import Surroundings
from emla.bootstrap.serve import run_gateway
from emla.bootstrap.serve_hub import serve_hub
from emla.bootstrap.system import lock_folder
from emla.bootstrap.unlock import Chosen, unlock_keys
from emla.keyring.folder import KeyFolder
from emla.model.errors import StoreError
from emla.model.settings import LimitSettings, OperationsSettings, PeerSettings, Settings, StoreSettings
from emla.ports.sandbox import SandboxDiedError, Verdict
from emla.sandbox.clerk import ClerkProcess
from emla.sandbox.confine import Measure
from emla.sandbox.opener import OpenerProcess
from emla.store.sqlite.batch import Operation, Outcome
from emla.store.sqlite.listings import SqliteListings
from emla.store.sqlite.store import SqliteStore, open_store
from emla.web.connections import Connections
from emla.web.watched import Watched
from tests.simulation.loop import LIFE, Life, VirtualLoop
from tests.simulation.network import Network
from tests.simulation.options import AS_ASKED
from tests.simulation.points import OPERATIONS, Counts
from tests.support.faulty_store import Fate
from tests.support.in_process import InlineOpener, schemas
from tests.support.inline_clerk import InlineClerk

PORT = 8443
COMMIT = "BatchRunner.commit"


class SimulatedClock:
    """Implements `emla.ports.clock.Clock`: the run's time, set wrong by so many seconds."""

    def __init__(self, loop: VirtualLoop, epoch: float) -> None:
        self._loop = loop
        self._epoch = epoch
        self.wrong_by = 0.0

    def now(self) -> float:
        return self._epoch + self._loop.now + self.wrong_by

    def steady(self) -> float:
        return self._loop.now


class Child:
    """What a parent asks of its children, besides their work."""

    ready = True
    measures: tuple[Measure, ...] = ()

    async def start(self) -> None:
        """There is no process to start."""

    async def close(self) -> None:
        """There is no process to end."""


class SimulatedOpener(Child):
    """Opens packages with the opener's own code; dies by chance."""

    def __init__(self, data: Path, dies: Callable[[], bool]) -> None:
        self._inner = InlineOpener(data)
        self._dies = dies

    async def open(self, signed_header: bytes, pid: bytes, payload: bytes | Path) -> Verdict:
        if isinstance(payload, Path) and not payload.exists():
            raise StoreError("store-failed", f"{payload.name} cannot be opened.")
        await asyncio.sleep(0.002)
        if self._dies():
            raise SandboxDiedError
        return await self._inner.open(signed_header, pid, payload)

    async def reload(self) -> None:
        self._inner.read_keys()


class SimulatedClerk(InlineClerk, Child):
    """Checks and seals with the clerk's own code."""

    def __init__(self) -> None:
        super().__init__(schemas())


NO_LIMITS = LimitSettings(
    connections=100_000,
    connections_per_peer=16,
    connections_per_address=100_000,
    connections_per_minute=1_000_000,
    unsigned_per_minute=1_000_000,
    refused_per_minute=1_000_000,
)
"""All callers here have one address; how limits hold is tested at real sockets."""


async def simulated_door(
    server: web.Server, host: str, port: int, context: ssl.SSLContext, connections: Connections
) -> tuple[Closeable, int]:
    """Let callers in from the simulated network, each in a place of its own. No deadline is held here."""
    loop = asyncio.get_running_loop()

    def watched() -> Watched:
        place = connections.admit(host, loop.time())
        assert place is not None
        return Watched(server, connections, place)

    return await loop.create_server(watched, host, port), port


@dataclass(eq=False)
class Node:
    """A data folder and its process. What can happen to it, a run decides."""

    name: str
    data: Path
    host: str
    loop: VirtualLoop
    network: Network
    counts: Counts
    chance: random.Random
    """For entropy and for deaths of the opener: one for each node, so that nodes do not disturb each other."""
    clock: SimulatedClock
    is_hub: bool
    on_exit: Callable[["Node"], None]
    """Told when the process has ended by itself: its storage failed."""
    opener_deaths: float = 0.0
    on_job: Callable[["Node", list[str]], str] = lambda node, steps: ""
    """Asked before each job: '' does it, 'before' and 'after' are deaths on either side of it."""
    on_commit: Callable[["Node"], Fate | None] = lambda node: None
    """Asked before each commit whether the storage fails at it."""
    on_death: Callable[["Node"], None] = lambda node: None
    """What becomes of a folder whose process died: nothing, or what a power cut leaves."""
    life: Life | None = None
    lives: list[Life] = field(default_factory=list)
    store: SqliteStore | None = None
    errors: list[BaseException] = field(default_factory=list)
    """Ends of processes that must not be."""
    _lock: IO[bytes] | None = None
    _keys: KeyFolder | None = None
    _task: "asyncio.Task[None] | None" = None
    _steps: list[str] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        """Where its officers reach it."""
        return self.data / SOCKET

    @property
    def is_up(self) -> bool:
        """Whether its process lives."""
        return self.life is not None

    def start(self) -> None:
        """Start a process on the folder."""
        assert self.life is None
        self.life = life = Life(self.name, len(self.lives), on_job=self._job)
        self.lives.append(life)
        context = contextvars.copy_context()
        context.run(LIFE.set, life)
        self._task = self.loop.create_task(self._run(), name=f"{self.name}-{life.number}", context=context)
        self._task.add_done_callback(self._ended, context=self.network.outside)

    async def _run(self) -> None:
        settings = Settings(
            data=self.data,
            peer=PeerSettings(listen_host=self.host, listen_port=PORT, allow_loopback_endpoints=True),
            operations=OperationsSettings(listen_host=self.host),
            store=StoreSettings(disk_floor_bytes=0, disk_floor_percent=0),
            limits=NO_LIMITS,
        )
        keys = self._keys = self._keys or unlock_keys(settings, {}, Chosen())
        run = serve_hub if self.is_hub else run_gateway
        await run(settings, keys, lambda *_: None, self._surroundings())

    def _surroundings(self) -> Surroundings:
        def lock(data: Path) -> IO[bytes]:
            self._lock = lock_folder(data)
            return self._lock

        async def listings(path: Path) -> SqliteListings:
            return cast(
                SqliteListings, Child()
            )  # its thread is not of this world; no officer here asks for lists

        def opener(**_: object) -> OpenerProcess:
            made = SimulatedOpener(self.data, lambda: self.chance.random() < self.opener_deaths)
            return cast(OpenerProcess, made)

        return Surroundings(
            lock=lock,
            clock=lambda: self.clock,
            entropy=self.chance.randbytes,
            store=self._open_store,
            listings=listings,
            opener=opener,
            clerk=lambda **_: cast(ClerkProcess, SimulatedClerk()),
            scanner=lambda *_: None,
            door=simulated_door,
        )

    def _open_store(self, path: Path, *rest: Any) -> SqliteStore:
        self.store = store = open_store(path, *rest)
        runner = store._runner
        prepare, commit = runner.prepare, runner.commit

        def noted(operations: Sequence[Operation]) -> list[Outcome] | None:
            names = [getattr(each, "__qualname__", "") for each in operations]
            self._steps = sorted({OPERATIONS[name] for name in names if name in OPERATIONS})
            return prepare(operations)

        @wraps(commit)
        def faulty() -> None:
            fate = self.on_commit(self)
            if fate is Fate.LOST:
                store._connection.execute("ROLLBACK")
            else:
                commit()
            if fate is not None:
                raise StoreError("store-failed", AS_ASKED)

        runner.prepare, runner.commit = noted, faulty  # type: ignore[method-assign]
        return store

    # --- the end of a process ---

    def _job(self, name: str, step: str | None, work: Callable[[], object]) -> None:
        steps = self._steps if name == COMMIT else [step] if step else []
        death = self.on_job(self, steps)
        if death != "before":
            work()
        if death:
            self.die(steps, death, silently=self.name in self.network.silent)

    def die(self, steps: Sequence[str] = (), when: str = "", *, silently: bool = False) -> None:
        """SIGKILL, or the end of the machine."""
        life = self.life
        assert life is not None
        mine = [end for end in self.network.ends if end.life is life]
        self.counts.died(
            life,
            list(steps),
            when,
            sending=any(end.asked for end in mine),
            receiving=any(end.other.asked for end in mine),
        )
        life.alive = False
        self.network.drop(life, silently=silently)
        self._let_go()
        self.on_death(self)

    def _let_go(self) -> None:
        """What the kernel takes back from a process."""
        self.life = None
        if self._lock is not None:
            self._lock.close()
        if self.store is not None:
            # In this order the WAL is left as it is: only a connection that writes copies it back when it is the last.
            files = self.store._files
            for connection in (files.writer, files.reader, files.holder, files.file):
                with suppress(Exception):
                    connection.close()
        self._lock = self.store = self._keys = None

    def stop(self) -> None:
        """SIGTERM."""
        if self.life is not None and self.life.signal is not None:
            self.life.signal()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        life = self.lives[-1]
        if not life.alive:
            return  # it was killed in its last moment
        error = None if task.cancelled() else task.exception()
        life.alive = False
        self.network.drop(life, silently=False)
        self._let_go()
        if isinstance(error, StoreError) and AS_ASKED in f"{error.detail} {error.__cause__!r}":
            self.on_exit(self)
        elif error is not None:
            self.errors.append(error)

    def bury(self) -> None:
        """Close what processes left, dead ones and those that a failed run left alive; nothing more is judged by the folder."""
        for life in self.lives:
            life.bury()
        self._let_go()
