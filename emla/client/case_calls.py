"""The calls of the authority API about cases: a part of `Client`."""

from abc import abstractmethod
from urllib.parse import quote

from emla.client.act_calls import ActCalls
from emla.client.case_answers import Case, Cases, Timeline, read_as
from emla.client.statistics_answers import StatisticsView


class CaseCalls(ActCalls):
    """What a client asks about cases."""

    @abstractmethod
    async def _bytes(self, path: str, query: dict[str, str] | None, wait_seconds: float = 0) -> bytes:
        """The body of an answer."""

    async def cases(
        self,
        *,
        state: str | None = None,
        ours: bool = False,
        overdue: bool = False,
        mine: bool = False,
        erased: bool = False,
        behind: str = "",
        limit: int = 100,
    ) -> Cases:
        """Cases, the ones in which something came or went last in front, or with `erased` the newest order.

        Args:
            state: in which something stands so.
            ours: in which it is our turn.
            overdue: in which a time limit ran out.
            mine: that are the caller's: drafted in, or named for.
            erased: of which something was ordered erased.
            behind: with `erased`, the last case of an answer: those that come behind it.
            limit: so many cases at most; `more` says whether there are others.
        """
        query = {"limit": str(limit)} | ({"state": state} if state else {})
        query |= ({"ours": "1"} if ours else {}) | ({"overdue": "1"} if overdue else {})
        query |= ({"mine": "1"} if mine else {}) | ({"erased": "1"} if erased else {})
        query |= {"behind": behind} if behind else {}
        return read_as(Cases, await self._bytes("/v1/cases", query))

    async def case(self, case_id: str, *, seen: str = "", wait_seconds: int = 0) -> Case:
        """A case; with `seen` (the `view` of an answer) as soon as it is another one, or the time is over."""
        query = {"seen": seen, "wait": str(wait_seconds)} if seen else {}
        return read_as(Case, await self._bytes(f"/v1/cases/{quote(case_id, safe='')}", query, wait_seconds))

    async def timeline(self, case_id: str) -> Timeline:
        """Everything that happened in a case, oldest first."""
        return read_as(Timeline, await self._bytes(f"/v1/cases/{quote(case_id, safe='')}/timeline", {}))

    async def statistics(self, year: int) -> StatisticsView:
        """What may be said of a year."""
        return read_as(StatisticsView, await self._bytes("/v1/statistics", {"year": str(year)}))
