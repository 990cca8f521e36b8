"""The writer: everything that waits goes into one batch, and one thread commits it.

Many packages share one fsync, and nobody is answered before it has returned. No write that somebody waits for is put off by a
clock: while a batch is being committed the next one gathers, and a few turns of the event loop later it begins, so the more there
is to do, the more share an fsync (docs/adr/0036). Writes that nobody waits for have patience and ride along.

The statements of a batch run on the event loop and only the commit, which sleeps in fsync without the interpreter's lock, runs
on the writer's thread: two threads that both run Python would pay for handing the lock to each other at every statement
(docs/adr/0003).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from emla.model.errors import StoreError
from emla.store.sqlite.batch import BatchRunner, Operation, Outcome

_BATCH_MAX = 128
"""So many operations hold the event loop for some ten milliseconds; the rest goes into the next batch."""

_TURNS = 8
"""So many turns of the event loop a batch waits for company: a turn is as long as there is something to do in it. What the commit
before has set free, and what lies ready at the sockets, comes along; where there is nothing, all of them take microseconds."""

_ROUNDS_MAX = 8
"""A batch whose signatures come from a token runs about four times: header, acknowledgement, checkpoint, and with all three."""


@dataclass(slots=True)
class WriterFigures:
    """What the writer did, for metrics and `make bench`."""

    commits: int = 0
    operations: int = 0
    longest_wait_seconds: float = 0.0


@dataclass(slots=True, eq=False)
class _Work:
    operation: Operation
    future: "asyncio.Future[object]"
    queued_at: float
    due_at: float
    """When its patience ends; `queued_at` for what somebody waits for."""


class Checkpoint(Protocol):
    """The upkeep of the WAL."""

    def is_due(self) -> bool:
        """Whether there is something to do between two batches."""
        ...

    def run(self) -> bool:
        """Do it; never while a batch is open. Whether `sync` is to follow."""
        ...

    def sync(self) -> None:
        """Wait for the disk, while batches go on; then something is due again."""
        ...


class Writer:
    """Feeds a `BatchRunner` from an event loop."""

    def __init__(
        self,
        runner: BatchRunner,
        *,
        checkpoint: Checkpoint,
        on_failure: Callable[[StoreError], None],
    ) -> None:
        """Be ready to take operations.

        Args:
            runner: what runs and commits batches.
            checkpoint: copies the WAL back, on the thread, when it is due, and syncs what was copied on a thread of its own.
            on_failure: told when the storage failed; no batch is run after that.
        """
        self._runner = runner
        self._checkpoint = checkpoint
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emla-writer")
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emla-wal")
        self._hurried: deque[_Work] = deque()
        """Somebody waits for these."""
        self._patient: deque[_Work] = deque()
        """These ride along, or make a batch of their own when their patience ends."""
        self._between: deque[tuple[Callable[[], bool], asyncio.Future[bool]]] = deque()
        """Work on the connection for which no batch may be open."""
        self._committing = False
        self._beginning = False
        self._syncing = False
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        """When the timer goes off. Not asked of the timer: uvloop makes none of what is due already."""
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False
        self._failed: StoreError | None = None
        self._unsynced: StoreError | None = None
        """Why the disk did not take what was copied from the WAL: the store fails when the batch that is under way has ended."""
        self.figures = WriterFigures()
        self.on_commit: Callable[[], None] = _nothing
        """Told when a batch is durable, after its callers."""

    @property
    def waiting(self) -> int:
        """How many operations that somebody waits for are in no batch yet."""
        return len(self._hurried)

    async def write(self, operation: Operation, *, patience_seconds: float) -> object:
        """Queue an operation and wait until its batch is durable."""
        if self._failed or self._stopping:
            raise self._failed or StoreError("stopping")
        now = self._loop.time()
        work = _Work(operation, self._loop.create_future(), now, now + patience_seconds)
        self._idle.clear()
        if patience_seconds:
            self._patient.append(work)
            self._wake_for(work.due_at)
        else:
            self._hurried.append(work)
            self._schedule()
        return await work.future

    async def between_batches(self, work: Callable[[], bool]) -> bool:
        """Do something on the thread while no batch is open; the next one waits for it."""
        if self._failed or self._stopping:
            raise self._failed or StoreError("stopping")
        future: asyncio.Future[bool] = self._loop.create_future()
        self._between.append((work, future))
        self._idle.clear()
        self._schedule()
        return await future

    async def close(self) -> None:
        """Commit what waits and end the thread."""
        self._stopping = True
        self._schedule()
        await self._idle.wait()
        await asyncio.to_thread(self._thread.shutdown)
        await asyncio.to_thread(self._beside.shutdown)

    def _schedule(self) -> None:
        """Let the next batch begin: at once when somebody waits, else when the first patience ends."""
        if self._committing or self._beginning or self._failed:
            return
        if self._unsynced:
            self._fail(self._unsynced, [])
        elif not self._syncing and self._checkpoint.is_due():
            # The callers have their answers: what is done to the WAL is in nobody's way but the next batch's.
            self._busy()
            copied = self._loop.run_in_executor(self._thread, self._checkpoint.run)
            copied.add_done_callback(self._checkpointed)
        elif self._between and not self._syncing:
            self._busy()
            work, future = self._between.popleft()
            done = self._loop.run_in_executor(self._thread, work)
            done.add_done_callback(lambda done: self._did(future, done))
        elif self._hurried or (self._patient and self._stopping):
            self._beginning = True
            self._set_timer(None)
            self._loop.call_soon(self._turn, _TURNS)
        elif self._patient:
            self._wake_for(min(work.due_at for work in self._patient))
        elif not self._syncing:
            self._idle.set()

    def _busy(self) -> None:
        """The thread has the connection: no batch begins, not even when a patience ends."""
        self._committing = True
        self._set_timer(None)

    def _turn(self, left: int) -> None:
        """Let whoever is ready come along, then begin."""
        if left > 1:
            self._loop.call_soon(self._turn, left - 1)
        else:
            self._begin()

    def _wake_for(self, due_at: float) -> None:
        """Begin a batch when a patience ends, unless one begins before."""
        if not (self._committing or self._beginning) and (self._timer is None or due_at < self._timer_at):
            self._set_timer(due_at)

    def _set_timer(self, at: float | None) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        if at is not None:
            self._timer, self._timer_at = self._loop.call_at(at, self._begin), at

    def _next_batch(self) -> list[_Work]:
        """Whoever waits goes first; the patient fill the batch up, or are a batch of their own."""
        batch = [self._hurried.popleft() for _ in range(min(len(self._hurried), _BATCH_MAX))]
        riders = min(len(self._patient), _BATCH_MAX - len(batch))
        return batch + [self._patient.popleft() for _ in range(riders)]

    def _begin(self) -> None:
        self._beginning = False
        self._busy()
        batch = self._next_batch()
        self._account(batch)
        self._run(batch, _ROUNDS_MAX)

    def _run(self, batch: list[_Work], rounds: int) -> None:
        try:
            outcomes = self._runner.prepare([work.operation for work in batch])
        except StoreError as error:
            self._fail(error, batch)
            return
        except Exception as error:  # noqa: BLE001 (a bug in the batch itself: nobody may be left waiting, nothing goes on)
            failure = StoreError("store-failed", repr(error))
            failure.__cause__ = error
            self._fail(failure, batch)
            return
        if outcomes is None:
            # No transaction is open: the thread asks the token, the loop goes on, and the next batch gathers meanwhile.
            signed = self._loop.run_in_executor(self._thread, self._runner.slow.sign_missing)
            signed.add_done_callback(lambda done: self._signed(batch, rounds - 1, done))
            return
        committed = self._loop.run_in_executor(self._thread, self._runner.commit)
        committed.add_done_callback(lambda done: self._ended(batch, outcomes, done))

    def _signed(self, batch: list[_Work], rounds: int, done: "asyncio.Future[None]") -> None:
        error = done.exception()
        if error is None and not rounds:
            failure = StoreError("store-failed", "An operation asks for other signatures each time it runs.")
            self._fail(failure, batch)
        elif error is None:
            self._run(batch, rounds)
        else:
            # The token failed, not the storage. Who needs a signature is told and tries again; the others come next.
            self._runner.slow.forget()
            failed = [work for number, work in enumerate(batch) if number in self._runner.unsigned]
            self._hurried.extendleft(reversed([work for work in batch if work not in failed]))
            _deliver(failed, [Outcome(error=error)] * len(failed))
            self._committing = False
            self._schedule()

    def _ended(self, batch: list[_Work], outcomes: list[Outcome], done: "asyncio.Future[None]") -> None:
        error = done.exception()
        if error is not None:
            failure = error if isinstance(error, StoreError) else StoreError("store-failed", repr(error))
            self._fail(failure, batch)
            return
        _deliver(batch, outcomes)
        self.on_commit()
        self._committing = False
        self._schedule()

    def _checkpointed(self, done: "asyncio.Future[bool]") -> None:
        error = done.exception()
        if error is not None:
            self._fail(StoreError("store-failed", repr(error)), [])
            return
        if done.result():
            self._syncing = True
            synced = self._loop.run_in_executor(self._beside, self._checkpoint.sync)
            synced.add_done_callback(self._synced)
        self._committing = False
        self._schedule()

    def _synced(self, done: "asyncio.Future[None]") -> None:
        self._syncing = False
        error = done.exception()
        if error is not None:
            self._unsynced = StoreError("store-failed", repr(error))
        self._schedule()

    def _did(self, future: "asyncio.Future[bool]", done: "asyncio.Future[bool]") -> None:
        error = done.exception()
        if error is not None:
            failure = error if isinstance(error, StoreError) else StoreError("store-failed", repr(error))
            self._between.appendleft((lambda: False, future))
            self._fail(failure, [])
            return
        if not future.done():
            future.set_result(done.result())
        self._committing = False
        self._schedule()

    def _account(self, batch: list[_Work]) -> None:
        now = self._loop.time()
        waits = [now - work.queued_at for work in batch if work.due_at == work.queued_at]
        self.figures.longest_wait_seconds = max(self.figures.longest_wait_seconds, *waits, 0.0)
        self.figures.commits += 1
        self.figures.operations += len(batch)

    def _fail(self, error: StoreError, batch: list[_Work]) -> None:
        # A failed fsync is never tried again: what the disk holds is unknown until it is read back by a new process.
        self._failed = error
        self._committing = False
        self._set_timer(None)
        batch = [*batch, *self._hurried, *self._patient]
        self._hurried.clear()
        self._patient.clear()
        _deliver(batch, [Outcome(error=error)] * len(batch))
        while self._between:
            _, future = self._between.popleft()
            if not future.done():
                future.set_exception(error)
        self._idle.set()
        self._on_failure(error)


def _nothing() -> None:
    """Nobody listens."""


def _deliver(batch: list[_Work], outcomes: list[Outcome]) -> None:
    for work, outcome in zip(batch, outcomes, strict=True):
        if work.future.done():
            continue  # the caller went away; what it asked for is durable all the same
        if outcome.error is not None:
            work.future.set_exception(outcome.error)
        else:
            work.future.set_result(outcome.value)
