"""The writer: one thread that takes everything that waits and commits it at once.

Many packages share one fsync, and nobody is answered before it has returned. A lone write never waits; under load a batch
waits a little for others, in proportion to how much is under way, so that fsyncs per package fall as load grows.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from emla.model.errors import StoreError
from emla.store.sqlite.batch import BatchRunner, Operation, Outcome

_WAIT_SECONDS_EACH = 0.00015
"""How much longer a batch waits for each journey that is under way."""
_DEFER_SECONDS = 0.5
"""How long a write that nobody waits for may wait for company."""
_BATCH_MAX = 2048


@dataclass(slots=True)
class WriterFigures:
    """What the writer did, for metrics and `make bench`."""

    commits: int = 0
    operations: int = 0
    longest_wait_seconds: float = 0.0


@dataclass(slots=True)
class _Work:
    operation: Operation
    future: "asyncio.Future[object]"
    deferrable: bool
    queued_at: float = field(default_factory=time.monotonic)


class WriterThread:
    """Feeds a `BatchRunner` from an event loop."""

    def __init__(
        self,
        runner: BatchRunner,
        *,
        wait_seconds_max: float,
        under_way: Callable[[], int],
        on_idle: Callable[[], None],
        on_failure: Callable[[StoreError], None],
    ) -> None:
        """Start the thread.

        Args:
            runner: what commits.
            wait_seconds_max: the longest a batch waits for company.
            under_way: how many journeys are being worked on; read without a lock.
            on_idle: called on the thread after each batch, outside the commit path (WAL checkpoint).
            on_failure: called in the event loop when the storage failed; no batch is run after that.
        """
        self._runner = runner
        self._wait_max = wait_seconds_max
        self._under_way = under_way
        self._on_idle = on_idle
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._pending: list[_Work] = []
        self._prompt = 0
        self._condition = threading.Condition()
        self._stopping = False
        self._failed: StoreError | None = None
        self.figures = WriterFigures()
        self._thread = threading.Thread(target=self._run, name="emla-writer", daemon=True)
        self._thread.start()

    async def write(self, operation: Operation, *, deferrable: bool) -> object:
        """Queue an operation and wait until its batch is durable."""
        if self._failed or self._stopping:
            raise self._failed or StoreError("stopping")
        work = _Work(operation, self._loop.create_future(), deferrable)
        with self._condition:
            self._pending.append(work)
            if not deferrable:
                self._prompt += 1
            if len(self._pending) == 1 or self._prompt == 1:
                self._condition.notify()
        return await work.future

    async def close(self) -> None:
        """Commit what waits and end the thread."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        await asyncio.to_thread(self._thread.join)

    def _take(self, ended_at: float) -> list[_Work]:
        """Wait for work and for company; return a batch, empty when it is time to stop."""
        with self._condition:
            while not self._prompt and not self._stopping:
                oldest = self._pending[0].queued_at if self._pending else None
                left = None if oldest is None else oldest + _DEFER_SECONDS - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._condition.wait(left)
            while not self._stopping:
                company = max(0, self._under_way() - 1)
                left = ended_at + min(self._wait_max, company * _WAIT_SECONDS_EACH) - time.monotonic()
                if left <= 0 or len(self._pending) >= _BATCH_MAX:
                    break
                self._condition.wait(left)
            batch, self._pending = self._pending[:_BATCH_MAX], self._pending[_BATCH_MAX:]
            self._prompt = sum(1 for work in self._pending if not work.deferrable)
            return batch

    def _run(self) -> None:
        ended_at = 0.0
        while batch := self._take(ended_at):
            self._account(batch)
            try:
                outcomes = self._runner.run([work.operation for work in batch])
            except StoreError as error:
                self._fail(error, batch)
                return
            except Exception as error:  # noqa: BLE001 (a bug in the batch itself: nobody may be left waiting, nothing goes on)
                failure = StoreError("store-failed", repr(error))
                failure.__cause__ = error
                self._fail(failure, batch)
                return
            ended_at = time.monotonic()
            self._loop.call_soon_threadsafe(_deliver, batch, outcomes)
            self._on_idle()

    def _account(self, batch: list[_Work]) -> None:
        now = time.monotonic()
        waits = [now - work.queued_at for work in batch if not work.deferrable]
        self.figures.longest_wait_seconds = max(self.figures.longest_wait_seconds, *waits, 0.0)
        self.figures.commits += 1
        self.figures.operations += len(batch)

    def _fail(self, error: StoreError, batch: list[_Work]) -> None:
        # A failed fsync is never tried again: what the disk holds is unknown until it is read back by a new process.
        self._failed = error
        with self._condition:
            batch = batch + self._pending
            self._pending = []
        self._loop.call_soon_threadsafe(_deliver, batch, [Outcome(error=error)] * len(batch))
        self._loop.call_soon_threadsafe(self._on_failure, error)


def _deliver(batch: list[_Work], outcomes: list[Outcome]) -> None:
    for work, outcome in zip(batch, outcomes, strict=True):
        if work.future.done():
            continue  # the caller went away; what it asked for is durable all the same
        if outcome.error is not None:
            work.future.set_exception(outcome.error)
        else:
            work.future.set_result(outcome.value)
