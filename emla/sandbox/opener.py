"""The parent's side of the opener: starts the child, writes requests ahead, reads verdicts in order, replaces a dead child.

Rules of this file:
- The first request without an answer is the one the child works on. When the child dies or takes too long, that one fails with
  `SandboxDiedError`; those sent ahead behind it are sent again to the next child.
- A child that dies before it is ready costs no package a strike: nothing was given to it. Starting is tried again, with pauses.
- A child that is replaced on purpose answers first what it was given; its successor is ready before it is ended.
- Nothing the child says is believed beyond its form (`wire.py`).
"""

import asyncio
import logging
import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from emla.keyring.wrapping import WrappingKeys
from emla.model.errors import ConfigurationError, StoreError
from emla.model.settings import OpenerSettings
from emla.ports.sandbox import SandboxDiedError, Verdict
from emla.sandbox.confine import Measure
from emla.sandbox.process import Child
from emla.sandbox.wire import Ready, Start, WireError, decode_answer, decode_ready, encode_request

SENT_AHEAD = 16
"""Requests the child may hold unread, so that it never waits for the parent between two packages."""
WALL_FACTOR = 4
"""A package may take this many times its processor time on the clock: disks are slow and cores are shared."""
WALL_BYTES_PER_SECOND = 4 * 1024 * 1024
_START_SECONDS_MAX = 60
_PAUSE_SECONDS_MAX = 30

_logger = logging.getLogger("emla.opener")


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request, encoded, and the place its answer goes. `file` is the payload where it does not stand in the request."""

    buffers: tuple[bytes, ...]
    file: Path | None
    done: asyncio.Future[Verdict]
    wall_seconds: float


class OpenerProcess:
    """An `emla.ports.sandbox.Opener`: one child process at a time, for one event loop."""

    def __init__(
        self, *, keys: Path, schemas: Path, settings: OpenerSettings, wrapping: WrappingKeys | None = None
    ) -> None:
        """Nothing is started yet.

        Args:
            keys: the folder of the key files; the child reads the sealing and content keys itself.
            schemas: the folder of the schemas.
            settings: processor time and memory of a package.
            wrapping: what unlocks those files; kept for whenever a child is started.
        """
        self._start = Start(
            keys=keys.absolute(),
            schemas=schemas.absolute(),
            cpu_seconds=settings.cpu_seconds,
            memory_bytes=settings.memory_bytes,
            parent=os.getpid(),
            wrapping=wrapping,
        )
        self._wall_seconds = float(WALL_FACTOR * settings.cpu_seconds)
        self._queue: deque[_Waiting] = deque()
        self._sent: deque[_Waiting] = deque()
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

    async def open(self, signed_header: bytes, pid: bytes, payload: bytes | Path) -> Verdict:
        """Open one package; see `emla.ports.sandbox.Opener.open`.

        Raises:
            SandboxDiedError: the child died or ran into a limit on this package.
            StoreError: ``store-failed``: the payload's file cannot be opened; ``stopping``: after `close`.
        """
        if self._closing:
            raise StoreError("stopping")
        inline = None if isinstance(payload, Path) else payload
        waiting = _Waiting(
            buffers=encode_request(pid, signed_header, inline),
            file=payload if isinstance(payload, Path) else None,
            done=asyncio.get_running_loop().create_future(),
            wall_seconds=self._wall_seconds,
        )
        self._queue.append(waiting)
        self._send_ahead()
        return await waiting.done

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
            successor = Child(self._start)
            try:
                ready = await self._first_word(successor)
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

    async def _first_word(self, child: Child) -> Ready:
        """Wait until a new child is confined."""
        loop = asyncio.get_running_loop()
        word: asyncio.Future[Ready] = loop.create_future()

        def readable() -> None:
            try:
                whole = child.receive()
                frames = child.frames()
                if frames:
                    word.set_result(decode_ready(frames[0]))
                elif not whole:
                    raise WireError("ended")
            except WireError as error:
                word.set_exception(ConfigurationError("internal", f"The new opener {error} while starting."))
            if word.done():
                loop.remove_reader(child.socket)

        loop.add_reader(child.socket, readable)
        try:
            async with asyncio.timeout(_START_SECONDS_MAX):
                ready = await word
        except TimeoutError as error:
            raise ConfigurationError("internal", "The new opener did not get ready in time.") from error
        finally:
            loop.remove_reader(child.socket)
        if ready.code is not None:
            raise ConfigurationError(ready.code, ready.detail)
        return ready

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
        self._child = child = Child(self._start)
        loop.add_reader(child.socket, self._readable, child)
        self._timer = loop.call_later(_START_SECONDS_MAX, self._lost, child, "did not get ready in time")

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
            self._start_failed(ConfigurationError("internal", f"The opener {why} while starting."))
            return
        _logger.warning("opener died", extra={"reason": why, "packages_waiting": len(self._sent)})
        if self._sent:
            worked_on = self._sent.popleft()
            if not worked_on.done.done():
                worked_on.done.set_exception(SandboxDiedError(f"The opener {why}."))
            # Nobody has seen an answer to these, and opening has no effect outside the child: doing it again is safe.
            self._queue.extendleft(reversed(self._sent))
            self._sent.clear()
        self._tell_when_answered_all()
        self._spawn()

    def _start_failed(self, error: ConfigurationError) -> None:
        if self._first_start and not self._first_start.done():
            self._first_start.set_exception(error)
            return
        _logger.error("opener does not start", extra={"code": error.code, "detail": error.detail})
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
                    self._answered(decode_answer(body))
                elif self._child is child:
                    self._is_ready(body)
        except WireError as error:
            self._lost(child, f"said what it may not ({error})")
            return
        self._send_ahead()

    def _answered(self, verdict: Verdict) -> None:
        if not self._sent:
            raise WireError("an answer nobody asked for")
        waiting = self._sent.popleft()
        self._head_since = asyncio.get_running_loop().time()
        if not waiting.done.done():
            waiting.done.set_result(verdict)
        self._tell_when_answered_all()

    def _send_ahead(self) -> None:
        child = None if self._answered_all else self._child
        while child and self._ready and self._queue and len(self._sent) < SENT_AHEAD and not child.unsent:
            waiting = self._queue.popleft()
            if waiting.done.done():
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
            self._watch(child)
            child.send(waiting.buffers, descriptor)
            if child.unsent:
                asyncio.get_running_loop().add_writer(child.socket, self._writable, child)

    def _open_file(self, waiting: _Waiting) -> int | None:
        if waiting.file is None:
            return None
        descriptor = os.open(waiting.file, os.O_RDONLY | os.O_CLOEXEC)
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
