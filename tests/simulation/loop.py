"""The event loop of a simulation: virtual time, everything on one thread, and lives that can be cut short.

Rules of this file:
- Time stands while callbacks run and jumps to the next timer when none is ready. Timers of one instant run in the order
  in which they were set.
- What production gives to another thread runs here, at one instant a little later (`job_seconds`); jobs of one executor in order.
- A `Life` is one process of one node. Every callback belongs to the life in whose context it was made; when a life has ended, its
  callbacks are dropped unrun, wherever they stood: that is what SIGKILL does.
- Connections are those of `network`; nothing here opens a socket that leads anywhere.
"""

import asyncio
import gc
import heapq
import itertools
import socket
import sys
import warnings
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import aiohttp

if TYPE_CHECKING:
    from tests.simulation.network import Network

_CALLBACKS_AT_ONE_INSTANT_MAX = 2_000_000
_TASKS_KEPT = 1000


class StillnessError(Exception):
    """Nothing is ready and no timer is set, or the same instant never ends: the simulation would hang."""


@dataclass(eq=False, slots=True)
class Life:
    """One process of a node: what it started ends with it."""

    node: str
    number: int
    alive: bool = True
    dark: bool = False
    """Whether its power is gone: nobody hears any more what becomes of a job."""
    signal: Callable[[], object] | None = None
    """What SIGTERM does."""
    on_job: Callable[[str, str | None, Callable[[], object]], object] | None = None
    """Given every job, its step if it is one, and what does it; the life may end before it or after."""
    tasks: list["asyncio.Task[Any]"] = field(default_factory=list)
    """Everything it has started and that has perhaps not ended."""

    def bury(self) -> None:
        """Close what it left when the run is over and judged, so that nothing of it runs later by accident."""
        for task in self.tasks:
            if not task.done():
                _close(task)
        self.tasks.clear()


LIFE: ContextVar[Life | None] = ContextVar("life", default=None)
"""The life that the running code belongs to; None is the world outside: officers, strangers, the weather."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop whose clock is a number."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.network: Network
        self.job_seconds: Callable[[], float] = lambda: 0.001
        self.step_of: Callable[[str], str | None] = lambda name: None
        """Which step a job belongs to; asked while the one who wants it done stands on the stack."""
        self.steps = 0
        self.handled = 0
        """How many callbacks have run."""
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()
        self._executors: dict[int, float] = {}
        self.set_task_factory(self._make_task)

    # --- time ---

    def time(self) -> float:
        """Seconds since the beginning of the run."""
        return self.now

    def call_at(  # type: ignore[override]  # typeshed's signature binds the types of the arguments
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Set a timer."""
        timer = events.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def call_soon_threadsafe(  # type: ignore[override]  # as above
        self, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        """There is one thread."""
        return self.call_soon(callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is passed over when its time comes."""

    def _run_once(self) -> None:
        ready = cast(Any, self)._ready
        if not ready and not cast(Any, self)._stopping:
            self._advance()
        while self._timers and self._timers[0][0] <= self.now:
            ready.append(heapq.heappop(self._timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            life = None if handle._cancelled else handle._context.get(LIFE)
            if not handle._cancelled and (life is None or life.alive):
                self.steps += 1
                self.handled += 1
                handle._run()
        if self.steps > _CALLBACKS_AT_ONE_INSTANT_MAX:
            raise StillnessError(f"No end of callbacks at {self.now}.")

    def _advance(self) -> None:
        while self._timers and self._is_dead(self._timers[0][2]):
            heapq.heappop(self._timers)
        if not self._timers:
            raise StillnessError(f"Nothing is ready at {self.now}, and nothing ever will be.")
        if self._timers[0][0] > self.now:
            self.now = self._timers[0][0]
            self.steps = 0

    @staticmethod
    def _is_dead(handle: Any) -> bool:
        life = handle._context.get(LIFE)
        return handle._cancelled or (life is not None and not life.alive)

    # --- tasks and threads ---

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, context: Any = None
    ) -> "asyncio.Task[Any]":
        task = asyncio.Task(coroutine, loop=loop, context=context)
        life = LIFE.get() if context is None else context.get(LIFE)
        if life is not None:
            cast(Any, task)._log_destroy_pending = False
            life.tasks.append(task)
            if len(life.tasks) % _TASKS_KEPT == 0:
                life.tasks = [each for each in life.tasks if not each.done()]
        return task

    def run_in_executor(  # type: ignore[override]  # as above
        self, executor: Any, func: Any, *args: Any
    ) -> "asyncio.Future[Any]":
        """Do a job a little later, at one instant."""
        future = self.create_future()
        at = self.now + self.job_seconds()
        if executor is not None:
            at = self._executors[id(executor)] = max(at, self._executors.get(id(executor), 0.0))
        name = job_name(func)
        self.call_at(at, self._work, future, name, self.step_of(name), partial(func, *args))
        return future

    def _work(
        self, future: "asyncio.Future[Any]", name: str, step: str | None, job: Callable[[], Any]
    ) -> None:
        life = LIFE.get()

        def work() -> None:
            result: Any = None
            failure: BaseException | None = None
            try:
                result = job()
            except BaseException as error:  # noqa: BLE001 (whatever it is, it belongs to whoever waits)
                failure = error
            if future.cancelled() or (life is not None and life.dark):
                return
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

        if life is None or life.on_job is None:
            work()
        else:
            life.on_job(name, step, work)

    # --- what a process asks of its machine ---

    def add_signal_handler(  # type: ignore[override]  # as above
        self, sig: int, callback: Any, *args: Any
    ) -> None:
        """Both signals that stop a server do the same."""
        life = LIFE.get()
        assert life is not None
        life.signal = partial(callback, *args)

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        """Listen on the simulated network. TLS is not simulated: only the certificate is shown."""
        return self.network.listen(protocol_factory, (host, port))

    async def create_unix_server(self, protocol_factory: Any, path: Any = None, **_: Any) -> Any:
        """Listen on a socket in a folder."""
        return self.network.listen(protocol_factory, str(path))

    async def create_unix_connection(self, protocol_factory: Any, path: Any = None, **_: Any) -> Any:
        """Connect to a socket in a folder."""
        return await self.network.connect(protocol_factory, str(path))

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Connect a socket that stands for a connection: whoever gets it next is connected there."""
        await self.network.reach(sock, (address[0], address[1]))

    async def create_connection(
        self, protocol_factory: Any, host: Any = None, port: Any = None, *, sock: Any = None, **_: Any
    ) -> Any:
        """Make the connection that a socket stands for, or one to an address."""
        if sock is None:
            sock = socket.socket()
            await self.network.reach(sock, (host, port))
        return self.network.connected(protocol_factory, sock)

    def bury(self) -> None:
        """End; what is still to come will not. Connections of the dead are nobody's to close: they are no leak of the test."""
        for each in gc.get_objects():
            if isinstance(each, aiohttp.BaseConnector) and each._loop is self:
                each._closed = True
        for task in asyncio.all_tasks(self):
            cast(Any, task)._log_destroy_pending = False
            _close(task)
        self._timers.clear()
        self.close()


def _close(task: "asyncio.Task[Any]") -> None:
    """End what a task runs. It finds its loop: cleaning up asks for one, and would be given a new one that nobody closes."""
    cast(Any, events)._set_running_loop(task.get_loop())
    try:
        with suppress(BaseException):
            cast(Any, task.get_coro()).close()
    finally:
        cast(Any, events)._set_running_loop(None)


def job_name(func: Any) -> str:
    """What a job does: `Writer.commit`, wherever `asyncio.to_thread` has wrapped it."""
    while isinstance(func, partial):
        func = func.args[0] if func.args and callable(func.args[0]) else func.func
    return str(getattr(func, "__qualname__", type(func).__name__))


@contextmanager
def quietly() -> Iterator[None]:
    """Nothing is collected while a run lasts, for what a collection sets free runs; and the dead make no noise when they go."""
    hook, enabled = sys.unraisablehook, gc.isenabled()
    gc.disable()
    gc.freeze()  # what was there before is not looked at
    sys.unraisablehook = lambda unraisable: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
            gc.collect()
    finally:
        gc.unfreeze()
        sys.unraisablehook = hook
        if enabled:
            gc.enable()
