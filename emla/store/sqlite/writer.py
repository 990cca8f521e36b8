"""The writer: everything that waits goes into one batch, and one thread commits it.

Many packages share one fsync, and nobody is answered before it has returned. A lone write never waits; under load a batch
waits a little for others, in proportion to how much is under way, so that fsyncs per package fall as load grows.

The statements of a batch run on the event loop and only the commit, which sleeps in fsync without the interpreter's lock, runs
on the writer's thread: two threads that both run Python would pay for handing the lock to each other at every statement
(docs/adr/0003). While a batch is being committed the loop goes on, and the next batch gathers.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from emla.model.errors import StoreError
from emla.store.sqlite.batch import BatchRunner, Operation, Outcome

_WAIT_SECONDS_EACH = 0.00015
"""How much longer a batch waits for each journey that is under way."""
_CROWD = 16
"""More journeys than this queue for the processor anyway: the wait then grows with their cube, and an fsync serves more."""
_DEFER_SECONDS = 0.5
"""How long a write that nobody waits for may wait for company."""
_BATCH_MAX = 128
"""So many operations hold the event loop for some ten milliseconds; the rest goes into the next batch."""

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
    deferrable: bool
    queued_at: float = field(default_factory=time.monotonic)


class Checkpoint(Protocol):
    """The upkeep of the WAL."""

    def is_due(self) -> bool:
        """Whether enough was written."""
        ...

    def run(self) -> None:
        """Do it; never while a batch is open."""
        ...


class Writer:
    """Feeds a `BatchRunner` from an event loop."""

    def __init__(
        self,
        runner: BatchRunner,
        *,
        wait_seconds_max: float,
        under_way: Callable[[], int],
        checkpoint: Checkpoint,
        on_failure: Callable[[StoreError], None],
    ) -> None:
        """Be ready to take operations.

        Args:
            runner: what runs and commits batches.
            wait_seconds_max: the longest a batch waits for company.
            under_way: how many journeys are being worked on.
            checkpoint: copies the WAL back, on the thread, when it is due.
            on_failure: told when the storage failed; no batch is run after that.
        """
        self._runner = runner
        self._wait_max = wait_seconds_max
        self._under_way = under_way
        self._checkpoint = checkpoint
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emla-writer")
        self._pending: list[_Work] = []
        self._committing = False
        self._timer: asyncio.TimerHandle | None = None
        self._begin_at = 0.0
        self._idle = asyncio.Event()
        self._idle.set()
        self._ended_at = 0.0
        self._stopping = False
        self._failed: StoreError | None = None
        self.figures = WriterFigures()

    async def write(self, operation: Operation, *, deferrable: bool) -> object:
        """Queue an operation and wait until its batch is durable."""
        if self._failed or self._stopping:
            raise self._failed or StoreError("stopping")
        work = _Work(operation, self._loop.create_future(), deferrable)
        self._pending.append(work)
        self._idle.clear()
        if not self._committing:
            self._schedule()
        return await work.future

    async def close(self) -> None:
        """Commit what waits and end the thread."""
        self._stopping = True
        if not self._committing:
            self._begin()
        await self._idle.wait()
        await asyncio.to_thread(self._thread.shutdown)

    def _schedule(self) -> None:
        """Set the time at which the next batch begins: at once, or when it has waited for company long enough."""
        if not self._pending or self._failed:
            self._idle.set()
            return
        now = time.monotonic()
        if self._stopping:
            begin_at = now
        elif all(work.deferrable for work in self._pending):
            begin_at = self._pending[0].queued_at + _DEFER_SECONDS
        else:
            company = max(0, self._under_way() - 1)
            crowding = max(1.0, company / _CROWD) ** 2
            begin_at = self._ended_at + min(self._wait_max, company * _WAIT_SECONDS_EACH * crowding)
        # Even without a wait, once round the loop: whoever is ready in this turn comes along. A time that is set is only
        # ever brought forward: put off at each arrival, a batch would never begin under load.
        when = self._loop.time() + max(0.0, begin_at - now)
        if self._timer is None or when < self._begin_at:
            if self._timer:
                self._timer.cancel()
            self._begin_at = when
            self._timer = self._loop.call_at(when, self._begin)

    def _begin(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        batch, self._pending = self._pending[:_BATCH_MAX], self._pending[_BATCH_MAX:]
        if not batch:
            self._schedule()
            return
        self._account(batch)
        self._committing = True
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
            self._pending[:0] = [work for work in batch if work not in failed]
            _deliver(failed, [Outcome(error=error)] * len(failed))
            self._committing = False
            self._schedule()

    def _ended(self, batch: list[_Work], outcomes: list[Outcome], done: "asyncio.Future[None]") -> None:
        error = done.exception()
        if error is not None:
            failure = error if isinstance(error, StoreError) else StoreError("store-failed", repr(error))
            self._fail(failure, batch)
            return
        self._ended_at = time.monotonic()
        _deliver(batch, outcomes)
        if self._checkpoint.is_due():
            # The callers have their answers: a WAL checkpoint is in nobody's way but the next batch's.
            copied = self._loop.run_in_executor(self._thread, self._checkpoint.run)
            copied.add_done_callback(lambda done: self._checkpointed(batch, done))
            return
        self._committing = False
        self._schedule()

    def _checkpointed(self, batch: list[_Work], done: "asyncio.Future[None]") -> None:
        error = done.exception()
        if error is not None:
            self._fail(StoreError("store-failed", repr(error)), batch)
            return
        self._committing = False
        self._schedule()

    def _account(self, batch: list[_Work]) -> None:
        now = time.monotonic()
        waits = [now - work.queued_at for work in batch if not work.deferrable]
        self.figures.longest_wait_seconds = max(self.figures.longest_wait_seconds, *waits, 0.0)
        self.figures.commits += 1
        self.figures.operations += len(batch)

    def _fail(self, error: StoreError, batch: list[_Work]) -> None:
        # A failed fsync is never tried again: what the disk holds is unknown until it is read back by a new process.
        self._failed = error
        self._committing = False
        batch, self._pending = batch + self._pending, []
        _deliver(batch, [Outcome(error=error)] * len(batch))
        self._idle.set()
        self._on_failure(error)


def _deliver(batch: list[_Work], outcomes: list[Outcome]) -> None:
    for work, outcome in zip(batch, outcomes, strict=True):
        if work.future.done():
            continue  # the caller went away; what it asked for is durable all the same
        if outcome.error is not None:
            work.future.set_exception(outcome.error)
        else:
            work.future.set_result(outcome.value)
