"""A worker, the parent's side: starts the child, writes requests ahead, reads answers in order, replaces a dead child.

Here: what the opener's and the clerk's parent have in common. Not here: what they ask and are answered (`opener.py`, `clerk.py`).
Rules of this file:
- The first request without an answer is the one the child works on. When the child dies or takes too long, that one fails with
  `SandboxDiedError`; those sent ahead behind it are sent again to the next child. A child that takes several requests at once
  (`at_once`) is not believed to have died of the first: the next child gets them one by one, and then it is plain which it was.
- What is asked in the same turn of the event loop is sent in one write.
- A child that dies before it is ready costs no package a strike: nothing was given to it. Starting is tried again, with pauses.
- A child that is replaced on purpose answers first what it was given; its successor is ready before it is ended.
- Nothing the child says is believed beyond its form (`wire.py`).
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from emla.model.errors import ConfigurationError, StoreError
from emla.ports.sandbox import SandboxDiedError
from emla.sandbox.confine import Measure
from emla.sandbox.frames import WireError
from emla.sandbox.process import Buffers, Child
from emla.sandbox.starting import START_SECONDS_MAX, first_word
from emla.sandbox.wire import Ready, Start, decode_ready

Answer = TypeVar("Answer")

SENT_AHEAD = 32
"""Requests the child may hold unread, so that it never waits for the parent between two requests."""
WALL_FACTOR = 4
"""A request may take this many times its processor time on the clock: disks are slow and cores are shared."""
WALL_BYTES_PER_SECOND = 4 * 1024 * 1024
_PAUSE_SECONDS_MAX = 30

logger = logging.getLogger("emla.sandbox")

OpenFile = Callable[[], int]
"""Opens what travels as a descriptor; called each time the request is sent, the descriptor is closed after."""


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Answer]):
    """A request, encoded, and the place its answer goes. `file` opens what does not stand in the request."""

    buffers: Buffers
    file: OpenFile | None
    done: "asyncio.Future[Answer]"
    wall_seconds: float


class Worker(Generic[Answer]):
    """One child process at a time, for one event loop."""

    def __init__(
        self,
        name: str,
        program: str,
        start: Start,
        decode: Callable[[memoryview], Answer],
        *,
        at_once: int = 1,
    ) -> None:
        """Nothing is started yet.

        Args:
            name: what it is called in the log and in errors.
            program: the module the child runs.
            start: its first frame.
            decode: reads an answer; it copies what it keeps, and raises `WireError` at what may not be said.
            at_once: how many requests the child takes before it answers the first of them.
        """
        self._name = name
        self._program = program
        self._start = start
        self._decode = decode
        self._at_once = at_once
        self._wall_seconds = float(WALL_FACTOR * start.cpu_seconds)
        self._queue: deque[_Waiting[Answer]] = deque()
        self._sent: deque[_Waiting[Answer]] = deque()
        self._sending: asyncio.Handle | None = None
        self._one_by_one = 0
        """So many requests that a dead child had are to be sent one by one."""
        self._child: Child | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._head_since = 0.0
        self._pause_seconds = 1.0
        self._first_start: asyncio.Future[None] | None = None
        self._reloading = asyncio.Lock()
        self._answered_all: asyncio.Future[None] | None = None
        """While a child is being replaced: done when it has answered what it was given. It is given no more."""
        self._closing = False
        self._ready = False
        self.measures: tuple[Measure, ...] = ()
        """What confines the child, as it reported itself."""

    @property
    def ready(self) -> bool:
        """Whether a child is there and confined; false while one is being started."""
        return self._ready

    @property
    def process_id(self) -> int | None:
        """The child's process id, for people who look at the machine."""
        return self._child.process.pid if self._child else None

    async def start(self) -> None:
        """Start the child and wait until it is confined.

        Raises:
            ConfigurationError: it cannot start: ``unreadable-key``, ``unreadable-file``, or ``internal`` with its last words.
        """
        self._first_start = asyncio.get_running_loop().create_future()
        self._spawn()
        await self._first_start

    async def ask(self, buffers: Buffers, file: OpenFile | None = None) -> Answer:
        """Ask the child and wait for its answer.

        Args:
            buffers: the request's frame.
            file: what opens the file that goes with it.

        Raises:
            SandboxDiedError: the child died or ran into a limit on this request.
            StoreError: ``store-failed``: the file cannot be opened; ``stopping``: after `close`.
        """
        if self._closing:
            raise StoreError("stopping")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Answer] = loop.create_future()
        waiting = _Waiting(buffers, file, done, self._wall_seconds)
        self._queue.append(waiting)
        if self._sending is None:
            self._sending = loop.call_soon(self._send_ahead)
        return await done

    async def close(self, drain_seconds: float = 0) -> None:
        """Finish what waits, for at most `drain_seconds`; then end the child. What is left fails with ``stopping``."""
        self._closing = True
        if self._answered_all:
            self._replace_no_more(self._answered_all)
        left = [waiting.done for waiting in (*self._sent, *self._queue) if not waiting.done.done()]
        if left and drain_seconds > 0:
            await asyncio.wait(left, timeout=drain_seconds)
        self._disarm()
        child, self._child, self._ready = self._child, None, False
        if child:
            self._detach(child)
            child.end()
        for waiting in (*self._sent, *self._queue):
            if not waiting.done.done():
                waiting.done.set_exception(StoreError("stopping"))
        self._sent.clear()
        self._queue.clear()

    async def reload(self) -> None:
        """Replace the child by one that has read the key folder anew. Nothing is lost, no package gets a strike.

        Raises:
            ConfigurationError: the new child cannot start; the one there is goes on.
            StoreError: ``stopping``: closed meanwhile.
        """
        async with self._reloading:
            successor = Child(self._program, self._start)
            try:
                ready = await first_word(successor, self._name)
                self._answered_all = asyncio.get_running_loop().create_future()
                self._tell_when_answered_all()
                await self._answered_all
                if self._closing:
                    raise StoreError("stopping")
            except BaseException:
                successor.end()
                raise
            else:
                self._succeed(successor, ready)
            finally:
                self._answered_all = None
                self._send_ahead()

    def _succeed(self, successor: Child, ready: Ready) -> None:
        self._disarm()
        if self._child:
            self._detach(self._child)
            self._child.end()
        self._child = successor
        asyncio.get_running_loop().add_reader(successor.socket, self._readable, successor)
        self._note_ready(ready)

    def _tell_when_answered_all(self) -> None:
        if self._answered_all and not self._sent:
            self._replace_no_more(self._answered_all)

    @staticmethod
    def _replace_no_more(waiting: "asyncio.Future[None]") -> None:
        if not waiting.done():
            waiting.set_result(None)

    # --- the child's life ---

    def _spawn(self) -> None:
        if self._child or (self._closing and not self._queue):
            return
        loop = asyncio.get_running_loop()
        self._child = child = Child(self._program, self._start)
        loop.add_reader(child.socket, self._readable, child)
        self._timer = loop.call_later(START_SECONDS_MAX, self._lost, child, "did not get ready in time")

    def _detach(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(child.socket)
        loop.remove_writer(child.socket)

    def _lost(self, child: Child, why: str = "") -> None:
        """The child is gone, or is ended now because of `why`."""
        was_ready, self._child, self._ready = self._ready, None, False
        self._disarm()
        self._detach(child)
        how = child.end()
        why = why or how
        if not was_ready:
            self._start_failed(ConfigurationError("internal", f"The {self._name} {why} while starting."))
            return
        logger.warning(
            "child died",
            extra={"child": self._name, "reason": why, "packages_waiting": len(self._sent)},
        )
        if self._sent:
            if self._at_once == 1 or len(self._sent) == 1:
                worked_on = self._sent.popleft()
                self._one_by_one = max(0, self._one_by_one - 1)
                if not worked_on.done.done():
                    worked_on.done.set_exception(SandboxDiedError(f"The {self._name} {why}."))
            else:
                self._one_by_one = len(self._sent)
            # Nobody has seen an answer to these, and nothing has an effect outside the child: doing it again is safe.
            self._queue.extendleft(reversed(self._sent))
            self._sent.clear()
        self._tell_when_answered_all()
        self._spawn()

    def _start_failed(self, error: ConfigurationError) -> None:
        if self._first_start and not self._first_start.done():
            self._first_start.set_exception(error)
            return
        logger.error(
            "child does not start",
            extra={"child": self._name, "code": error.code, "detail": error.detail},
        )
        asyncio.get_running_loop().call_later(self._pause_seconds, self._spawn)
        self._pause_seconds = min(_PAUSE_SECONDS_MAX, self._pause_seconds * 2)

    def _is_ready(self, body: memoryview) -> None:
        ready = decode_ready(body)
        child = self._child
        if ready.code is not None and child:
            self._disarm()
            self._detach(child)
            self._child = None
            child.end()
            self._start_failed(ConfigurationError(ready.code, ready.detail))
            return
        self._disarm()
        self._note_ready(ready)
        if self._first_start and not self._first_start.done():
            self._first_start.set_result(None)

    def _note_ready(self, ready: Ready) -> None:
        self._ready = True
        self._pause_seconds = 1.0
        self.measures = ready.measures

    # --- requests and answers ---

    def _readable(self, child: Child) -> None:
        try:
            if not child.receive():
                self._lost(child)
                return
            for body in child.frames():
                if self._ready:
                    self._answered(self._decode(body))
                elif self._child is child:
                    self._is_ready(body)
        except WireError as error:
            self._lost(child, f"said what it may not ({error})")
            return
        self._send_ahead()

    def _answered(self, answer: Answer) -> None:
        if not self._sent:
            raise WireError("an answer nobody asked for")
        waiting = self._sent.popleft()
        self._one_by_one = max(0, self._one_by_one - 1)
        self._head_since = asyncio.get_running_loop().time()
        if not waiting.done.done():
            waiting.done.set_result(answer)
        self._tell_when_answered_all()

    def _send_ahead(self) -> None:
        if self._sending:
            self._sending.cancel()
            self._sending = None
        child = None if self._answered_all else self._child
        if not child or not self._ready or child.unsent:
            return
        together: list[bytes | memoryview] = []
        while self._queue and len(self._sent) < (1 if self._one_by_one else SENT_AHEAD):
            waiting = self._queue.popleft()
            if waiting.done.done():
                self._one_by_one = max(0, self._one_by_one - 1)
                continue  # the caller has gone away
            try:
                descriptor = self._open_file(waiting)
            except OSError as error:
                failure = StoreError("store-failed", f"A payload cannot be read: {error.strerror}.")
                waiting.done.set_exception(failure)
                continue
            if not self._sent:
                self._head_since = asyncio.get_running_loop().time()
            self._sent.append(waiting)
            if descriptor is not None:
                # It travels with the first byte of its own request.
                self._send(child, together, None)
                together = []
                self._send(child, waiting.buffers, descriptor)
            else:
                together += waiting.buffers
        self._send(child, together, None)
        self._watch(child)

    def _send(self, child: Child, buffers: Buffers, descriptor: int | None) -> None:
        if buffers:
            child.send(buffers, descriptor)
        if child.unsent:
            asyncio.get_running_loop().add_writer(child.socket, self._writable, child)

    def _open_file(self, waiting: _Waiting[Answer]) -> int | None:
        if waiting.file is None:
            return None
        descriptor = waiting.file()
        waiting.wall_seconds = self._wall_seconds + os.fstat(descriptor).st_size / WALL_BYTES_PER_SECOND
        return descriptor

    def _writable(self, child: Child) -> None:
        child.flush()
        if not child.unsent:
            asyncio.get_running_loop().remove_writer(child.socket)
            self._send_ahead()

    # --- the clock ---

    def _watch(self, child: Child) -> None:
        """Keep one timer that looks at the head now and then; it is not moved for each package, because that costs more."""
        if self._timer or not self._sent:
            return
        loop = asyncio.get_running_loop()
        left = self._head_since + self._sent[0].wall_seconds - loop.time()
        self._timer = loop.call_later(max(0.0, min(left, self._wall_seconds)), self._look, child)

    def _look(self, child: Child) -> None:
        self._timer = None
        if not self._sent:
            return
        if asyncio.get_running_loop().time() >= self._head_since + self._sent[0].wall_seconds:
            self._lost(child, "took too long")
        else:
            self._watch(child)

    def _disarm(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
