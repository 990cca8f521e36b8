"""The part of the authority API that is about cases (docs/reference/authority-api.md). Thin."""

import re

from aiohttp import web

from emla.cases.standing import Standing
from emla.flow.clocks import Clocks, Limits
from emla.flow.dockets import Dockets, Held
from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.model.errors import InvalidMessageError, NotFoundError
from emla.ports.listings import Listings
from emla.web import case_views, views
from emla.web.limit_views import add_limits
from emla.web.queries import limit, seconds

_ID_PREFIX = re.compile(r"[0-9a-f]{8,32}", re.ASCII)
_TAG = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LOOK_SECONDS = 2.0
"""While somebody watches: what the transport does is not told to cases, so it is looked at so often."""


class CasesApi:
    """The handlers."""

    def __init__(
        self, gateway: Gateway, listings: Listings, dockets: Dockets, news: News, clocks: Clocks
    ) -> None:
        self._gateway = gateway
        self._listings = listings
        self._dockets = dockets
        self._news = news
        self._clocks = clocks

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_get("/v1/cases", self.get_cases)
        router.add_get("/v1/cases/{case_id}", self.get_case)
        router.add_get("/v1/cases/{case_id}/timeline", self.get_timeline)

    async def get_cases(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases: the ones in which something came or went last in front."""
        state, own = http_request.query.get("state"), self._gateway.identity.id
        ours = http_request.query.get("ours") == "1"
        overdue = http_request.query.get("overdue") == "1"
        items: list[views.Json] = []
        for row in await self._listings.cases(limit=limit(http_request)):
            held = await self._dockets.of(row.case_id)
            line = case_views.line(held, own, row.at)
            add_limits(line, *self._limits(held), own, open_only=True)
            if case_views.is_wanted(line, state=state, ours=ours) and (line["overdue"] or not overdue):
                items.append(line)
        return views.answer({"items": items})

    async def get_case(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases/{case_id}: a case whole; with `wait`, as soon as it is another than that of `seen`."""
        held = await self._held(http_request)
        seen, wait = http_request.query.get("seen", ""), seconds(http_request, "wait")
        if seen and not _TAG.fullmatch(seen):
            raise InvalidMessageError("bad-request", "'seen' is the 'view' of an answer.")
        end = self._gateway.clock.steady() + wait
        while True:
            body = self._shown(held)
            left = end - self._gateway.clock.steady()
            if body["view"] != seen or left <= 0:
                return views.answer(body)
            await self._news.wait(held.case_id, min(left, _LOOK_SECONDS))
            held = await self._dockets.of(held.case_id)

    def _shown(self, held: Held) -> views.Json:
        body = case_views.case(held, self._gateway.identity.id, self._gateway.store.read)
        add_limits(body, *self._limits(held), self._gateway.identity.id, open_only=False)
        return {**body, "view": case_views.view_of(body)}

    def _limits(self, held: Held) -> tuple[tuple[Standing, ...], Limits]:
        return held.docket.of_case(held.case_id), self._clocks.limits_of(held)

    async def get_timeline(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases/{case_id}/timeline: everything that happened, oldest first."""
        held = await self._held(http_request)
        return views.answer(case_views.timeline(held, self._gateway.store.read))

    async def _held(self, http_request: web.Request) -> Held:
        prefix = http_request.match_info["case_id"]
        if not _ID_PREFIX.fullmatch(prefix):
            raise NotFoundError("not-found", "A case id has 8 to 32 hexadecimal digits.")
        found = await self._listings.resolve_case(prefix)
        if len(found) != 1:
            how_many = "More than one case begins" if found else "No case begins"
            raise NotFoundError("not-found", f"{how_many} with {prefix}.")
        return await self._dockets.of(found[0])
