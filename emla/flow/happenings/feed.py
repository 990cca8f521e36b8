"""feed: everything that case systems are told, in the order of the ledger, from any place on. A view; nothing is stored for it.

Every acknowledgement and every recorded event is a leaf, in order, and durable before anybody is answered. So a happening is
numbered by its leaf: none is lost in a crash, none is told that was not committed, and whoever comes back with a place goes on
behind it, after hours or years (docs/adr/0049).

Rules of this file:
- Nothing here is on the way of a package. A commit turns a counter; who waits then reads, on the listings' thread.
- Leaves are read in pages that all callers share. A page that is full never changes.
- A place whose leaf is another one here is refused: the ledger was restored from a backup, and what was told since is unknown.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from emla.flow.happenings.leaves import happening_of, place_of
from emla.model.errors import NotFoundError
from emla.model.happening import Happening, HappeningType, Place
from emla.ports.happenings import Extent, Leaves

PAGE_LEAVES = 256
"""So many are read at once: three milliseconds of another thread."""
_PAGES_MAX = 64
_GATHER_SECONDS = 0.05
"""After a commit whoever waits lets more of them come: a busy gateway is read twenty times a second, however many listen."""
_CASE_UNKNOWN = frozenset({HappeningType.RECEIVED_ACCEPTED})


@dataclass(frozen=True, slots=True)
class Page:
    """Some leaves of an epoch in a row: each one's place, and what is told of some."""

    places: tuple[Place, ...]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What came behind a place, and the place up to which that is all. `version`: for `Feed.wait`; `more`: ask again at once."""

    happenings: tuple[Happening, ...]
    place: Place | None
    version: int
    more: bool


_NO_LEAVES = Page((), ())


class Feed:
    """The feed of one gateway."""

    def __init__(self, leaves: Leaves, case_of: Callable[[bytes], bytes | None]) -> None:
        """Args: where leaves are read; the case of a package whose row does not name one."""
        self._leaves = leaves
        self._case_of = case_of
        self._pages: OrderedDict[tuple[int, int], Page] = OrderedDict()
        self._extent: tuple[int, Extent] | None = None
        self._reading = asyncio.Lock()
        self._version = 0
        self._changed = asyncio.Event()
        self.ended = False
        self.readers = 0
        """How many streams are being told at the moment."""

    def tell(self) -> None:
        """A batch is durable."""
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def end(self) -> None:
        """The server stops: wake everybody, and let nobody wait any more."""
        self.ended = True
        self.tell()

    async def wait(self, version: int, seconds: float) -> bool:
        """Wait until something was committed after a `step` of this version; False where the time was over before."""
        changed = self._changed
        if self._version != version or self.ended:
            return True
        try:
            async with asyncio.timeout(seconds):
                await changed.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(min(_GATHER_SECONDS, seconds))
        return True

    async def now(self) -> Place | None:
        """The newest leaf; None while there is none."""
        extent = await self._extent_now()
        if extent.epoch is None:
            return None
        page = await self._page(extent.epoch, (extent.size - 1) // PAGE_LEAVES, extent)
        return page.places[(extent.size - 1) % PAGE_LEAVES] if page.places else None

    async def step(self, after: Place | None) -> Step:
        """What comes next behind a place: of one page at most.

        Args:
            after: what the caller has been told up to and with; None begins with the first leaf there is.

        Raises:
            NotFoundError: ``place-unknown``.
        """
        version = self._version
        extent = await self._extent_now()
        sizes = dict(extent.former) | ({extent.epoch: extent.size} if extent.epoch is not None else {})
        if after is not None:
            await self._check(after, sizes, extent)
        epochs = sorted(each for each in sizes if after is None or each >= after.epoch)
        for epoch in epochs:
            first = after.index + 1 if after is not None and epoch == after.epoch else 0
            if first >= sizes[epoch]:
                continue
            number = first // PAGE_LEAVES
            page = await self._page(epoch, number, extent)
            behind = page.places[first - number * PAGE_LEAVES :]
            if not behind:
                break  # an epoch has begun in between: the next step sees it
            found = tuple(each for each in page.happenings if each.place.index >= first)
            last = behind[-1]
            return Step(found, last, version, last.index + 1 < sizes[epoch] or epoch != epochs[-1])
        return Step((), after, version, more=False)

    async def _check(self, after: Place, sizes: dict[int, int], extent: Extent) -> None:
        if after.index < sizes.get(after.epoch, 0):
            page = await self._page(after.epoch, after.index // PAGE_LEAVES, extent)
            here = page.places[after.index % PAGE_LEAVES :][:1]
            if here == (after,):
                return
        raise NotFoundError("place-unknown", f"{after.text} is no place in this ledger.")

    async def _extent_now(self) -> Extent:
        async with self._reading:
            version = self._version
            if self._extent is None or self._extent[0] != version:
                self._extent = (version, await self._leaves.extent())
            return self._extent[1]

    async def _page(self, epoch: int, number: int, extent: Extent) -> Page:
        """A page, as far as the ledger goes; the last one grows."""
        size = extent.size if epoch == extent.epoch else extent.former.get(epoch, 0)
        first, end = number * PAGE_LEAVES, min(size, (number + 1) * PAGE_LEAVES)
        async with self._reading:
            known = self._pages.get((epoch, number), _NO_LEAVES)
            if first + len(known.places) < end:
                rows = await self._leaves.leaves(epoch, first + len(known.places), end)
                told = (happening_of(epoch, each) for each in rows)
                known = Page(
                    known.places + tuple(place_of(epoch, each) for each in rows),
                    known.happenings + tuple(self._with_case(each) for each in told if each is not None),
                )
                self._pages[epoch, number] = known
            self._pages.move_to_end((epoch, number))
            if len(self._pages) > _PAGES_MAX:
                self._pages.popitem(last=False)
            return known

    def _with_case(self, happening: Happening) -> Happening:
        if happening.pid is None or happening.case_id is not None or happening.type in _CASE_UNKNOWN:
            return happening
        return replace(happening, case_id=self._case_of(happening.pid))
