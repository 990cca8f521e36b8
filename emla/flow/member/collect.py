"""collect: what a hub holds for us -> the same journeys that a direct call starts; then the hub is told that we have it.

Order of writes: M1 the item is ours as if it had come directly (I4, O6, K4); M2 for a package, one batch: the leg that carries
our answer to its sender; M3 the hub is told, with our signed answer as the proof, and deletes. A crash before M3 leaves the item
at the hub, and it comes again: a repeat gets the stored bytes, and nothing is delivered twice.

Rules of this file:
- A hub is not believed. What does not verify is left where it is and looked at again, ever more seldom; the others go on.
- Memory is bounded whatever a hub lists, and a hub that sends us round in circles is asked ever more slowly; so is one that does
  not wait for an item as it was asked to.
- Where we are in the list is not stored: a start begins from its front, and so does a round each hour, because a hub may have
  withheld, reordered or restored something. What stays untaken at the front keeps nobody from what is behind it: a round goes to
  the end of the list before the next one begins, and asks at the end, where what is new arrives, before each page of the front.
- An item that is being taken is taken to its end, also when the hub is none of ours any more: half of it would be committed. One
  whose body is still waited for is not: nothing of it is stored, and a hub that drips would keep a stop waiting.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass

from emla.flow.backoff import delay_seconds, item_pause_seconds
from emla.flow.gateway import Gateway
from emla.flow.reservations import CALLER
from emla.formats.mailbox import OK
from emla.model.documents import Authority
from emla.model.errors import (
    ConfigurationError,
    EmlaError,
    IllegalTransitionError,
    StoreError,
    TransportError,
)
from emla.model.mailbox import ITEMS_IN_ANSWER_MAX, RELEASES_MAX, ItemKind, Listing, Release
from emla.ports.hub_line import HubLine, ItemSource
from emla.ports.transport import Refusal

logger = logging.getLogger("emla.collect")

WAIT_SECONDS = 50
"""How long a hub may keep us waiting for the next item."""
_PLACES = 8
"""Items of one hub that are being taken at once."""
_ROUND_SECONDS = 3600.0
_ROUND_SECONDS_MAX = 86400.0
"""A list that has no end by then is begun anew all the same."""
_PAUSE_SECONDS_MAX = 60.0
_APART_SECONDS = 5.0
"""For each page of the list: no two rounds begin closer together."""
_OFTEN_MAX = 11
"""What was tried more often waits for the hourly round; sooner it would be tried within the hour, and each round is for it."""
_BUSY_MAX = 1000
_REMEMBERED_MAX = 30_000
"""More than a hub holds from one member unless it is told to."""
_SOUGHT = float("inf")
_GONE = "not-found"
"""The outcome for an item that the hub does not have any more: a newer one took its place while this one was on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An item that is ours now, or of no use to anybody. `proof` goes with its release; `new`: it was not here before."""

    proof: bytes | None = None
    new: bool = False


def nobody(_: str) -> None:
    """Nobody is told."""


Take = Callable[[Listing, ItemSource], Awaitable[Taken]]
"""Takes one item; raises when it is to stay where it is."""


@dataclass(slots=True)
class _Trouble:
    """An item that was not taken: how often it was tried, and when again (steady seconds; infinity: in the present round)."""

    failures: int
    until: float


@dataclass(slots=True)
class CollectFigures:
    """What came of it since the start, for metrics."""

    taken: int = 0
    refused: int = 0


class _Body:
    """Implements `ItemSource`: an item's body, which nobody waits for any more once the mailbox has ended."""

    def __init__(self, source: ItemSource, waiting: Callable[[], AbstractContextManager[None]]) -> None:
        self._source = source
        self._waiting = waiting
        self.size = source.size

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes."""
        with self._waiting():
            data = await self._source.read_exactly(size)
        self.size = self._source.size
        return data


class Mailbox:
    """Our mailbox at one hub; runs until cancelled."""

    def __init__(
        self,
        gateway: Gateway,
        line: HubLine,
        hub: str,
        takers: Mapping[ItemKind, Take],
        figures: CollectFigures,
        on_reached: Callable[[str], None] = nobody,
    ) -> None:
        self._gateway = gateway
        self._line = line
        self._hub = hub
        self._takers = takers
        self._figures = figures
        self._on_reached = on_reached
        self._places = asyncio.Semaphore(_PLACES)
        self._busy: set[int] = set()
        """Numbers of items that are being taken, or that the hub is still to be told about."""
        self._troubles: dict[int, _Trouble] = {}
        self._stays: dict[int, int] = {}
        """How often the hub would not let go an item that we have."""
        self._taken: deque[Release] = deque()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._failures = 0
        self._useless = 0
        """Items in a row that were tried for the first time and brought nothing new."""
        self._end = 0
        """The number of the last item, as far as is known."""
        self._hasty = 0
        """Empty lists in a row that came long before the hub had waited as it was asked to."""
        self._listing: asyncio.Task[None] | None = None
        self._ended = False
        self._waiting_for_bytes: set[asyncio.Task[None]] = set()
        """Items of which nothing is stored yet: the hub is still to send the rest."""
        self.reached: bool | None = None
        """Whether the hub answered last time; None while it was not asked."""

    async def run(self) -> None:
        """Collect until cancelled, or until `end` and what was being taken then is."""
        async with asyncio.TaskGroup() as group:
            release = group.create_task(self._release(), name=f"release-{self._hub}")
            async with asyncio.TaskGroup() as items:
                self._listing = items.create_task(self._list_on(items), name=f"list-{self._hub}")
                if self._ended:
                    self._listing.cancel()
            release.cancel()

    def end(self) -> None:
        """Take nothing more. What has come is taken to its end; what the hub is still to send is let be."""
        self._ended = True
        for item in self._waiting_for_bytes:
            item.cancel()
        if self._listing is not None:
            self._listing.cancel()

    async def _list_on(self, group: asyncio.TaskGroup) -> None:
        while True:
            try:
                await self._round(group)
            except EmlaError as error:
                await self._pause(error.code)
            except IllegalTransitionError:
                raise  # a bug of ours about what is stored: nothing may go on
            except Exception:  # a bug of ours about one hub is not the others' trouble
                logger.exception("mailbox broke", extra={"peer": self._hub, "code": "internal"})
                await self._pause("internal")

    async def _round(self, group: asyncio.TaskGroup) -> None:
        """From the front of the list to its end, and then along with what comes, until it is time to look at the front again.

        Raises:
            TransportError: the hub was not reached, or answered something else.
        """
        after, pages, begun, is_whole = 0, 0, self._gateway.clock.steady(), False
        self._due_at(begun)
        while (wait := self._ends_at(begun, pages, is_whole=is_whole) - self._gateway.clock.steady()) > 0:
            await self._slow_down()
            if not is_whole and after < self._end:
                self._end = await self._take(await self._list(self._end, 0), self._end, group)
            found = await self._wait_for_items(after, max(1, min(WAIT_SECONDS, int(wait))))
            after = await self._take(found, after, group)
            pages += not is_whole
            is_whole = is_whole or len(found) < ITEMS_IN_ANSWER_MAX
            if is_whole:
                self._end = after

    async def _take(self, found: Sequence[Listing], after: int, group: asyncio.TaskGroup) -> int:
        """Take what is wanted of a page; the number to go on from."""
        for item in found:
            after = item.item
            if self._is_wanted(item):
                await self._start(item, group)
        return after

    async def _wait_for_items(self, after: int, wait_seconds: int) -> Sequence[Listing]:
        """List, and rest ever longer where the hub does not wait: a hub that is stopping, or one that keeps us busy."""
        asked = self._gateway.clock.steady()
        found = await self._list(after, wait_seconds)
        is_hasty = not found and self._gateway.clock.steady() - asked < wait_seconds / 2
        self._hasty = self._hasty + 1 if is_hasty else 0
        if is_hasty:
            await self._rest(self._hasty)
        return found

    async def _list(self, after: int, wait_seconds: int) -> Sequence[Listing]:
        found = await self._line.items(self._authority(), after, wait_seconds)
        if isinstance(found, Refusal):
            self._gateway.signals.refused(self._hub, found.code)
            raise TransportError("peer-nonsense", f"The hub answered '{found.code}'.")
        if self.reached is False:
            logger.info("hub reached again", extra={"peer": self._hub})
            self._on_reached(self._hub)
        self._failures, self.reached = 0, True
        return found

    def _authority(self) -> Authority:
        hub = self._gateway.directory.find(self._hub)
        if hub is None:
            raise TransportError("peer-unreachable", f"{self._hub} is not pinned any more.")
        return hub

    async def _pause(self, code: str) -> None:
        self._failures += 1
        if self.reached is not False:
            logger.warning("hub not reached", extra={"peer": self._hub, "code": code})
        self.reached = False
        await self._rest(self._failures)

    async def _slow_down(self) -> None:
        """Whoever lists only what is here, or cannot be taken, is asked more slowly, and ever more slowly who comes to no end.

        An honest hub lists what a member has filled it with: at a start all of that lies before what is to be delivered.
        """
        if pages := self._useless // ITEMS_IN_ANSWER_MAX:
            await self._rest(max(1, pages - _REMEMBERED_MAX // ITEMS_IN_ANSWER_MAX))

    async def _rest(self, failures: int) -> None:
        pause = delay_seconds(failures, urgent=False, chance=0.5 + self._chance() / 2)
        await asyncio.sleep(min(_PAUSE_SECONDS_MAX, pause))

    def _chance(self) -> float:
        return int.from_bytes(self._gateway.entropy(4), "big") / 2**32

    # --- items ---

    def look_again(self, numbers: Collection[int] | None = None) -> None:
        """Something here has changed: what stays may be taken now, or these items."""
        for number, trouble in self._troubles.items():
            if numbers is None or number in numbers:
                trouble.failures, trouble.until = 1, self._gateway.clock.steady()

    def _due_at(self, now: float) -> None:
        """What was not taken and is due is looked for in this round; what the last round looked for and did not see is gone."""
        self._troubles = {
            number: _Trouble(each.failures, _SOUGHT if each.until <= now else each.until)
            for number, each in self._troubles.items()
            if each.until != _SOUGHT
        }

    def _ends_at(self, begun: float, pages: int, *, is_whole: bool) -> float:
        if not is_whole:
            return begun + _ROUND_SECONDS_MAX
        often = (each.until for each in self._troubles.values() if each.failures <= _OFTEN_MAX)
        return begun + min(_ROUND_SECONDS, max(min(often, default=_SOUGHT) - begun, _APART_SECONDS * pages))

    def _is_wanted(self, item: Listing) -> bool:
        trouble = self._troubles.get(item.item)
        is_due = trouble is None or trouble.until == _SOUGHT
        return is_due and item.item not in self._busy and item.kind in self._takers

    async def _start(self, item: Listing, group: asyncio.TaskGroup) -> None:
        while len(self._busy) >= _BUSY_MAX:
            self._room.clear()
            await self._room.wait()
        await self._places.acquire()
        self._busy.add(item.item)
        group.create_task(self._one(item), name=f"item-{item.item}")

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """While the hub is waited for, `end` ends it."""
        if self._ended:
            raise TransportError("stopping", f"The mailbox at {self._hub} has ended.")
        task = asyncio.current_task()
        assert task is not None
        self._waiting_for_bytes.add(task)
        try:
            yield
        finally:
            self._waiting_for_bytes.discard(task)

    async def _one(self, item: Listing) -> None:
        CALLER.set(f"hub {self._hub}")  # what one hub lets drip holds up nothing that another one hands out
        trouble = self._troubles.pop(item.item, None)
        failures = trouble.failures if trouble else 0
        try:
            with self._gateway.under_way.one():
                async with AsyncExitStack() as stack:
                    with self._waiting():
                        source = await stack.enter_async_context(self._line.fetch(self._authority(), item))
                    taken = await self._takers[item.kind](item, _Body(source, self._waiting))
        except EmlaError as error:
            if isinstance(error, ConfigurationError | StoreError):
                failures = min(
                    failures, _OFTEN_MAX - 1
                )  # our own trouble: it is over within the hour after we are
            self._refused(item, failures, error.code)
        except IllegalTransitionError:
            raise  # a bug of ours about what is stored: nothing may go on
        except Exception:  # a bug of ours about one item is not the others' trouble
            logger.exception("item broke", extra={"peer": self._hub, "code": "internal"})
            self._refused(item, failures, "internal")
        else:
            self._figures.taken += taken.new
            self._useless = 0 if taken.new else self._useless + (not failures)
            self._taken.append(Release(item=item.item, proof=taken.proof, ref=item.ref))
            self._changed.set()
        finally:
            self._places.release()

    def _refused(self, item: Listing, failures: int, code: str) -> None:
        self._figures.refused += 1
        self._useless += not failures
        if not failures and self._useless <= ITEMS_IN_ANSWER_MAX:  # said once; and no hub fills the log
            logger.warning("item refused", extra={"peer": self._hub, "code": code, "what": item.kind.value})
        self._leave(item.item, failures)

    def _leave(self, number: int, failures: int) -> None:
        """Leave an item where it is, for later."""
        self._busy.discard(number)
        self._room.set()
        if len(self._troubles) < _REMEMBERED_MAX:
            until = self._gateway.clock.steady() + item_pause_seconds(failures + 1, chance=self._chance())
            self._troubles[number] = _Trouble(failures + 1, until)

    async def _release(self) -> None:
        """M3: tell the hub what we have. Whatever becomes of the call, what we have is ours."""
        while True:
            while not self._taken:
                self._changed.clear()
                await self._changed.wait()
            batch = [self._taken.popleft() for _ in range(min(len(self._taken), RELEASES_MAX))]
            try:
                outcomes = await self._line.release(self._authority(), batch)
                if isinstance(outcomes, Refusal):
                    self._gateway.signals.refused(self._hub, outcomes.code)
                    raise TransportError("peer-nonsense", f"The hub answered '{outcomes.code}'.")
            except EmlaError as error:
                self._taken.extendleft(reversed(batch))
                await self._pause(error.code)
                continue
            except Exception:  # as in `_list_on`
                logger.exception("mailbox broke", extra={"peer": self._hub, "code": "internal"})
                self._taken.extendleft(reversed(batch))
                await self._pause("internal")
                continue
            for release, outcome in zip(batch, outcomes, strict=True):
                if outcome in (OK, _GONE):
                    self._stays.pop(release.item, None)
                    self._busy.discard(release.item)
                    self._room.set()
                else:
                    self._stay(release.item, outcome)

    def _stay(self, number: int, code: str) -> None:
        """The hub does not let go what we have: it is fetched once more, ever more seldom, and said once."""
        refusals = self._stays.get(number, 0)
        if not refusals:
            logger.warning("release refused", extra={"peer": self._hub, "code": code})
        if refusals or len(self._stays) < _REMEMBERED_MAX:
            self._stays[number] = refusals + 1
        self._gateway.signals.refused(self._hub, code)
        self._leave(number, 3 + refusals)
