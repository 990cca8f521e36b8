"""The part of the authority API that is about erasure and legal holds (docs/reference/authority-api.md). Thin."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from emla.flow.erasure.erase import Erase, Plan
from emla.flow.erasure.hold import HoldCase
from emla.flow.gateway import Gateway
from emla.formats import strict_json
from emla.formats.strict_json import Members
from emla.model.erasure import REASON_CHARACTERS_MAX, ErasureReason
from emla.model.errors import InvalidMessageError, MalformedError, NotFoundError
from emla.web import views
from emla.web.bodies import whole_body
from emla.web.rights import caller_of

_BODY_BYTES_MAX = 4096
FindCase = Callable[[web.Request], Awaitable[bytes]]


class ErasureApi:
    """The handlers, around the journeys they start."""

    def __init__(self, gateway: Gateway, erase: Erase, hold: HoldCase) -> None:
        self._gateway = gateway
        self._erase = erase
        self._hold = hold

    def add_routes(self, router: web.UrlDispatcher, find: FindCase) -> None:
        """Add the calls; `find` says which case a call is about, if it is for the caller."""
        self._find = find
        router.add_get("/v1/cases/{case_id}/erasure", self.get_erasure)
        router.add_post("/v1/cases/{case_id}/erasure", self.post_erasure)
        router.add_put("/v1/cases/{case_id}/hold", self.put_hold)
        router.add_delete("/v1/cases/{case_id}/hold", self.delete_hold)

    async def get_erasure(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases/{case_id}/erasure: what was erased of a case, what could be, and what stands against it."""
        return await self._answer(await self._find(http_request))

    async def post_erasure(self, http_request: web.Request) -> web.Response:
        """POST /v1/cases/{case_id}/erasure: order that everything which is here of a case is erased."""
        case_id = await self._find(http_request)
        reason, although_open = await _said(http_request, about_open=True)
        plan = await self._erase.plan(case_id)
        await self._erase.order(
            plan,
            why=ErasureReason.ORDER,
            person=caller_of(http_request).id,
            reason=reason,
            although_open=although_open,
        )
        return await self._answer(case_id, status=201)

    async def put_hold(self, http_request: web.Request) -> web.Response:
        """PUT /v1/cases/{case_id}/hold: put a case on legal hold."""
        case_id = await self._find(http_request)
        reason, _ = await _said(http_request, about_open=False)
        await self._hold.set(case_id, caller_of(http_request).id, reason)
        return await self._answer(case_id)

    async def delete_hold(self, http_request: web.Request) -> web.Response:
        """DELETE /v1/cases/{case_id}/hold: lift the hold."""
        case_id = await self._find(http_request)
        await self._hold.lift(case_id, caller_of(http_request).id)
        return await self._answer(case_id)

    async def _answer(self, case_id: bytes, status: int = 200) -> web.Response:
        read = self._gateway.store.read
        plan: Plan | None
        try:
            plan = await self._erase.plan(case_id)
        except NotFoundError:
            plan = None  # nothing is left
        hold = read.legal_hold(case_id)
        body: views.Json = {
            "case_id": case_id.hex(),
            "sent": len(plan.packages) - plan.received if plan else 0,
            "received": plan.received if plan else 0,
            "closed": plan.closed if plan else None,
            "obstacles": list(plan.obstacles) if plan else [],
            "hold": {"at": views.instant(hold.at), "by": self._name(hold.person), "reason": hold.reason}
            if hold
            else None,
            "orders": [
                {
                    "state": each.state.value,
                    "why": each.why.value,
                    "by": self._name(each.person),
                    "reason": each.reason,
                    "ordered_at": views.instant(each.ordered_at),
                    "erased_at": views.instant(each.erased_at),
                    "packages": each.packages,
                }
                for each in read.erasures(case_id)
            ],
        }
        return views.answer(body, status=status)

    def _name(self, person: str) -> str:
        known = self._gateway.store.read.person(person)
        return known.name if known else person


async def _said(http_request: web.Request, *, about_open: bool) -> tuple[str, bool]:
    """The reason, and whether also an open case is meant."""
    try:
        members = Members(strict_json.decode(await whole_body(http_request), _BODY_BYTES_MAX), "order")
        reason = members.line("reason", longest=REASON_CHARACTERS_MAX)
        although_open = about_open and members.has("although_open") and members.truth("although_open")
        members.finish()
    except MalformedError as error:
        raise InvalidMessageError("bad-request", error.detail) from error
    if not reason.strip():
        raise InvalidMessageError("bad-request", "The reason says nothing.")
    return reason, although_open
