"""The part of the authority API that is about single deliveries (docs/reference/authority-api.md). Thin."""

from aiohttp import web

from emla.flow.gateway import Gateway
from emla.flow.line.legs import Legs
from emla.formats.strict_json import check_line
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidMessageError, MalformedError
from emla.model.leg import Leg, LegKind, LegState
from emla.ports.listings import LegFilter, ListedLeg, Listings
from emla.web import leg_views, views
from emla.web.bodies import json_body
from emla.web.queries import integer, limit

REASON_CHARACTERS_MAX = 500
_ENDED = {
    LegState.REJECTED: Event.RELAY_REJECTION,
    LegState.EXPIRED: Event.RELAY_FAILURE,
    LegState.CONSIGNMENT_FAILED: Event.CONTENT_CONSIGNMENT_FAILURE,
}


class LegsApi:
    """The handlers, around the journeys they start."""

    def __init__(self, gateway: Gateway, listings: Listings, legs: Legs) -> None:
        self._gateway = gateway
        self._listings = listings
        self._legs = legs

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_get("/v1/legs", self.get_legs)
        router.add_get("/v1/legs/{id}", self.get_leg)
        router.add_post("/v1/legs/{id}/retry", self.post_retry)
        router.add_post("/v1/legs/{id}/hold", self.post_hold)
        router.add_post("/v1/legs/{id}/release", self.post_release)

    async def get_legs(self, http_request: web.Request) -> web.Response:
        """GET /v1/legs."""
        query = http_request.query
        state = query.get("state")
        if state is not None and state not in LegState.__members__:
            raise InvalidMessageError("bad-request", f"state is one of {', '.join(LegState)}.")
        now, bounds = self._gateway.now(), self._gateway.settings.relay
        before = (now - bounds.overdue_seconds, now - bounds.overdue_urgent_seconds)
        wanted = LegFilter(
            state=state,
            peer=query.get("peer"),
            dead=query.get("dead") == "1",
            overdue_before=before if query.get("overdue") == "1" else None,
        )
        found = await self._listings.legs(wanted, limit=limit(http_request))
        return views.answer({"items": [leg_views.leg(each, now, bounds) for each in found]})

    async def get_leg(self, http_request: web.Request) -> web.Response:
        """GET /v1/legs/{id}."""
        return self._answer(self._legs.one(_id(http_request)))

    def _answer(self, leg: Leg) -> web.Response:
        return views.answer(self.shown(leg))

    def shown(self, leg: Leg) -> views.Json:
        """A leg as it stands now, with its reason and whether it is overdue."""
        read = self._gateway.store.read
        listed = ListedLeg(
            leg=leg,
            hold=read.hold(leg.id) if leg.state is LegState.HELD else None,
            ended_by=self._ended_by(leg),
        )
        return leg_views.leg(listed, self._gateway.now(), self._gateway.settings.relay)

    def _ended_by(self, leg: Leg) -> str | None:
        event = _ENDED.get(leg.state) if leg.kind is LegKind.PACKAGE else None
        said = self._gateway.store.read.acknowledgements(leg.ref) if event else ()
        return next((each.reason for each in said if each.event is event), None)

    async def post_retry(self, http_request: web.Request) -> web.Response:
        """POST /v1/legs/{id}/retry: try a waiting leg at once."""
        return self._answer(await self._legs.retry(_id(http_request)))

    async def post_hold(self, http_request: web.Request) -> web.Response:
        """POST /v1/legs/{id}/hold: put a waiting leg aside."""
        return self._answer(await self._legs.hold(_id(http_request), await _reason(http_request)))

    async def post_release(self, http_request: web.Request) -> web.Response:
        """POST /v1/legs/{id}/release: let a held leg go on."""
        return self._answer(await self._legs.release(_id(http_request)))


def _id(http_request: web.Request) -> int:
    return integer(http_request.match_info["id"])


async def _reason(http_request: web.Request) -> str:
    reason = (await json_body(http_request)).get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidMessageError("bad-request", "Say in 'reason' why: a line for those who come after you.")
    try:
        check_line("reason", reason, REASON_CHARACTERS_MAX)
    except MalformedError as error:
        raise InvalidMessageError("bad-request", error.detail) from error
    return reason
