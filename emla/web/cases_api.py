"""The part of the authority API that is about cases (docs/reference/authority-api.md). Thin."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from emla.cases.standing import Standing
from emla.flow.clocks import Clocks, Limits
from emla.flow.dockets import Dockets, Held
from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.flow.people.reads import Reads
from emla.flow.people.sight import Sight
from emla.model.errors import ConfigurationError, InvalidMessageError, NotFoundError
from emla.model.person import Caller
from emla.ports.cases import CaseRow
from emla.ports.listings import Listings
from emla.web import case_views, erasure_views, holding_views, views
from emla.web.accesses_api import AccessesApi
from emla.web.acts_api import ActsApi
from emla.web.conditions import is_known, tag_of
from emla.web.erasure_api import ErasureApi
from emla.web.limit_views import add_limits
from emla.web.queries import limit, seconds
from emla.web.rights import caller_of

_ID_PREFIX = re.compile(r"[0-9a-f]{8,32}", re.ASCII)
_TAG = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LOOK_SECONDS = 2.0
"""While somebody watches: what the transport does is not told to cases, so it is looked at so often."""


_LOOKED_AT_MAX = 20_000
"""So many cases are folded at most for one list of those that stand in some way."""
_AT_ONCE = 16


class CasesApi:
    """The handlers."""

    def __init__(
        self,
        gateway: Gateway,
        listings: Listings,
        dockets: Dockets,
        news: News,
        clocks: Clocks,
        sight: Sight,
        reads: Reads,
        erasure: ErasureApi,
        acts: ActsApi,
        accesses: AccessesApi,
    ) -> None:
        self._gateway = gateway
        self._listings = listings
        self._dockets = dockets
        self._news = news
        self._clocks = clocks
        self._sight = sight
        self._reads = reads
        self._erasure = erasure
        self._acts = acts
        self._accesses = accesses

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_get("/v1/cases", self.get_cases)
        router.add_get("/v1/cases/{case_id}", self.get_case)
        router.add_get("/v1/cases/{case_id}/timeline", self.get_timeline)
        self._erasure.add_routes(router, self._found)
        self._acts.add_routes(router, self._found)
        self._accesses.add_routes(router, self._found)

    async def get_cases(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases: the ones in which something came or went last in front; with `erased` the order that was given last."""
        state, own = http_request.query.get("state"), self._gateway.identity.id
        ours = http_request.query.get("ours") == "1"
        overdue = http_request.query.get("overdue") == "1"
        items: list[views.Json] = []
        caller, most = caller_of(http_request), limit(http_request)
        is_mine = http_request.query.get("mine") == "1" and not caller.alone
        person = caller.id if is_mine or not caller.sees_all_cases else None
        # A case that waits is an old one: who asks for those is not told of the newest alone.
        looked = _LOOKED_AT_MAX if state or ours or overdue else most
        rows = await self._listed(http_request, caller, person, looked + 1)
        for number, row in enumerate(rows[:looked]):
            if len(items) == most:
                return views.answer({"items": items, "more": True})
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)  # packages and peers come in between
            if not self._sight.sees(caller, row.case_id):
                continue  # withdrawn from him a moment ago
            held = await self._dockets.of(row.case_id)
            line = case_views.line(held, own, row.at)
            add_limits(line, *self._limits(held), own, open_only=True)
            erasure_views.add_case(line, self._gateway.store.read, row.case_id, self._gateway.now())
            if case_views.is_wanted(line, state=state, ours=ours) and (line["overdue"] or not overdue):
                items.append(line)
        return views.answer({"items": items, "more": len(rows) > looked})

    async def _listed(
        self, http_request: web.Request, caller: Caller, person: str | None, most: int
    ) -> Sequence[CaseRow]:
        """The cases that a list is about, before it is asked how they stand."""
        behind = http_request.query.get("behind", "")
        if http_request.query.get("erased") != "1":
            if behind:
                raise InvalidMessageError("bad-request", "'behind' goes with 'erased=1'.")
            return await self._listings.cases(limit=most, person=person)
        last = bytes.fromhex(behind) if _TAG.fullmatch(behind) else None
        is_there = last is not None and self._sight.sees(caller, last)
        if behind and not (is_there and last is not None and self._gateway.store.read.erasures(last)):
            # Nothing would be listed behind it, and that would look like the end.
            raise InvalidMessageError("bad-request", "'behind' is the whole id of a case in such a list.")
        return await self._listings.erased_cases(limit=most, person=person, behind=last)

    async def get_case(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases/{case_id}: a case whole; with `wait`, as soon as it is another than the caller has seen."""
        held = await self._held(http_request)
        seen, wait = http_request.query.get("seen", ""), seconds(http_request, "wait")
        if seen and not _TAG.fullmatch(seen):
            raise InvalidMessageError("bad-request", "'seen' is the 'view' of an answer.")
        end = self._gateway.clock.steady() + wait
        while True:
            body = self._shown(held, caller_of(http_request))
            tag = tag_of(held.tag, body["view"])
            known = is_known(http_request, tag)
            if not known and body["view"] != seen:
                await self._told(http_request, held)
                return views.answer(body, tag=tag)
            if end - self._gateway.clock.steady() <= 0:
                # What the caller has seen already: that read was told.
                return (
                    web.Response(status=304, headers={"ETag": tag}) if known else views.answer(body, tag=tag)
                )
            left = end - self._gateway.clock.steady()
            await self._news.wait(held.case_id, min(left, _LOOK_SECONDS))
            held = await self._dockets.of(held.case_id)

    def _shown(self, held: Held, caller: Caller) -> views.Json:
        body = case_views.case(held, self._gateway.identity.id, self._gateway.store.read)
        # What this case names stands in it. That another one names it is for those alone who see that one.
        body["related"] = [
            each
            for each in case_views.related(held)
            if each["named"] or self._sight.sees(caller, bytes.fromhex(str(each["case_id"])))
        ]
        add_limits(body, *self._limits(held), self._gateway.identity.id, open_only=False)
        erasure_views.add_case(body, self._gateway.store.read, held.case_id, self._gateway.now())
        body["holdings"] = holding_views.of_case(
            held, self._gateway.identity.id, self._at(), on_hold=body["hold"] is not None
        )
        return {**body, "view": case_views.view_of(body)}

    def _at(self) -> datetime:
        return datetime.fromtimestamp(self._gateway.now(), UTC)

    def _limits(self, held: Held) -> tuple[tuple[Standing, ...], Limits]:
        return held.docket.of_case(held.case_id), self._clocks.limits_of(held)

    async def get_timeline(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases/{case_id}/timeline: everything that happened, oldest first."""
        held = await self._held(http_request)
        await self._told(http_request, held)
        return views.answer(case_views.timeline(held, self._gateway.store.read))

    async def _held(self, http_request: web.Request) -> Held:
        return await self._dockets.of(await self._found(http_request))

    async def _found(self, http_request: web.Request) -> bytes:
        """The id of the case that a call is about, if it is for the caller."""
        prefix = http_request.match_info["case_id"]
        if not _ID_PREFIX.fullmatch(prefix):
            raise NotFoundError("not-found", "A case id has 8 to 32 hexadecimal digits.")
        caller, found = caller_of(http_request), await self._listings.resolve_case(prefix)
        if not caller.sees_all_cases:
            # What is not for the caller must not be told from what is not there, not even by an ambiguous beginning.
            found = [each for each in found if self._sight.sees(caller, each)] or found[:1]
        if not found:
            raise NotFoundError("not-found")
        if len(found) > 1:
            raise NotFoundError("not-found", f"More than one case begins with {prefix}.")
        await self._sight.require(caller, found[0], what="case", id_=found[0].hex())
        return found[0]

    async def _told(self, http_request: web.Request, held: Held) -> None:
        """A leaf about who reads a case, before a byte of it goes out."""
        caller = caller_of(http_request)
        role = caller.reads_as
        if role is None:
            raise ConfigurationError("not-allowed", "Content is not for this person.")
        await self._reads.record_case(caller, held.case_id, role=role)
