"""statistics: every case that is here -> what may be said of a year.

Here: walking over the cases, a few at a time. Not here: what counts (`cases.tally`), what may leave (`cases.disclosure`).

Rules of this file:
- A statistic is made once for each quarter and kept while the server runs: whoever asks again is told the same.
- One at a time; the event loop goes on between two cases.
"""

import asyncio
from datetime import UTC, datetime

from emla.cases.disclosure import shown
from emla.cases.tally import CountedRequest, as_of, requests_of, tally
from emla.flow.dockets import Dockets
from emla.flow.gateway import Gateway
from emla.model.statistics import Statistics

_STEP = 200
_KEPT_MAX = 100


class CountCases:
    """The statistics of one gateway."""

    def __init__(self, gateway: Gateway, dockets: Dockets) -> None:
        self._gateway = gateway
        self._dockets = dockets
        self._kept: dict[tuple[int, datetime], Statistics] = {}
        self._lock = asyncio.Lock()

    async def __call__(self, year: int) -> Statistics:
        """Count what was begun in a year, as it stood at the end of the last quarter."""
        until = as_of(datetime.fromtimestamp(self._gateway.now(), UTC))
        async with self._lock:
            found = self._kept.get((year, until))
            if found is None:
                if len(self._kept) >= _KEPT_MAX:
                    self._kept.clear()
                found = self._kept[year, until] = await self._count(year, until)
            return found

    async def _count(self, year: int, until: datetime) -> Statistics:
        own, after = self._gateway.identity.id, b""
        requests: list[CountedRequest] = []
        while cases := self._gateway.store.read.cases_after(after, _STEP):
            for case_id in cases:
                held = await self._dockets.of(case_id)
                requests += requests_of(case_id, held.acts, own, year, until)
                await asyncio.sleep(0)
            after = cases[-1]
        groups = tuple(shown(each) for each in tally(requests))
        return Statistics(authority=own, year=year, as_of=until, groups=groups)
