"""The part of the authority API that is about erasure and legal holds (docs/reference/authority-api.md). Thin."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from emla.flow.drafts.erasures import OrderErasure
from emla.flow.erasure.hold import HoldCase
from emla.flow.erasure.plan import Plan
from emla.flow.gateway import Gateway
from emla.formats import strict_json
from emla.formats.strict_json import Members
from emla.model.erasure import REASON_CHARACTERS_MAX, WantedErasure
from emla.model.errors import InvalidMessageError, MalformedError, NotFoundError
from emla.web import erasure_views, views
from emla.web.bodies import whole_body
from emla.web.rights import caller_of

_BODY_BYTES_MAX = 4096
_DIGITS = re.compile(r"[0-9a-f]{64}", re.ASCII)
FindCase = Callable[[web.Request], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a body says."""

    reason: str
    although_open: bool = False
    pid: bytes | None = None


class ErasureApi:
    """The handlers, around the journeys they start."""

    def __init__(self, gateway: Gateway, order: OrderErasure, hold: HoldCase) -> None:
        self._gateway = gateway
        self._order = order
        self._hold = hold

    def add_routes(self, router: web.UrlDispatcher, find: FindCase) -> None:
        """Add the calls; `find` says which case a call is about, if it is for the caller."""
        self._find = find
        router.add_get("/v1/cases/{case_id}/erasure", self.get_erasure)
        router.add_post("/v1/cases/{case_id}/erasure", self.post_erasure)
        router.add_post("/v1/cases/{case_id}/erasure/approve", self.post_approve)
        router.add_post("/v1/cases/{case_id}/erasure/cancel", self.post_cancel)
        router.add_put("/v1/cases/{case_id}/hold", self.put_hold)
        router.add_delete("/v1/cases/{case_id}/hold", self.delete_hold)

    async def get_erasure(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases/{case_id}/erasure: what was erased of a case, what could be, and what stands against it."""
        named = http_request.query.get("package")
        if named is not None and not _DIGITS.fullmatch(named):
            raise InvalidMessageError(
                "bad-request", "'package' is the id of a package: 64 hexadecimal digits."
            )
        return await self._answer(await self._find(http_request), bytes.fromhex(named) if named else None)

    async def post_erasure(self, http_request: web.Request) -> web.Response:
        """POST /v1/cases/{case_id}/erasure: order that everything which is here of a case is erased, or ask a second person."""
        case_id = await self._find(http_request)
        said = await _said(http_request, about_erasure=True)
        plan = await self._order.plan(case_id, said.pid)
        is_given = await self._order.want(
            caller_of(http_request), plan, said.reason, although_open=said.although_open
        )
        return await self._answer(case_id, status=201 if is_given else 202)

    async def post_approve(self, http_request: web.Request) -> web.Response:
        """POST /v1/cases/{case_id}/erasure/approve: the second person gives an order that waits."""
        case_id = await self._find(http_request)
        await self._order.approve(caller_of(http_request), await self._waiting(http_request, case_id))
        return await self._answer(case_id)

    async def post_cancel(self, http_request: web.Request) -> web.Response:
        """POST /v1/cases/{case_id}/erasure/cancel: an order that waits is taken back."""
        case_id = await self._find(http_request)
        await self._order.cancel(caller_of(http_request), await self._waiting(http_request, case_id))
        return await self._answer(case_id)

    async def _waiting(self, http_request: web.Request, case_id: bytes) -> WantedErasure:
        """The order that a body names by the hash of what would go."""
        try:
            members = Members(strict_json.decode(await whole_body(http_request), _BODY_BYTES_MAX), "decision")
            seen = bytes.fromhex(members.text("hash", _DIGITS))
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        return self._order.waiting(case_id, seen)

    async def put_hold(self, http_request: web.Request) -> web.Response:
        """PUT /v1/cases/{case_id}/hold: put a case on legal hold."""
        case_id = await self._find(http_request)
        said = await _said(http_request, about_erasure=False)
        await self._hold.set(case_id, caller_of(http_request).id, said.reason)
        return await self._answer(case_id)

    async def delete_hold(self, http_request: web.Request) -> web.Response:
        """DELETE /v1/cases/{case_id}/hold: lift the hold."""
        case_id = await self._find(http_request)
        await self._hold.lift(case_id, caller_of(http_request).id)
        return await self._answer(case_id)

    async def _answer(self, case_id: bytes, pid: bytes | None = None, *, status: int = 200) -> web.Response:
        read = self._gateway.store.read
        plan: Plan | None
        try:
            plan = await self._order.plan(case_id, pid)
        except NotFoundError:
            plan = None  # nothing is left
        body: views.Json = {
            "case_id": case_id.hex(),
            "sent": len(plan.packages) - plan.received if plan else 0,
            "received": plan.received if plan else 0,
            "drafts": len(plan.drafts) if plan else 0,
            "closed": plan.closed if plan else None,
            "obstacles": list(plan.obstacles) if plan else [],
            "hash": plan.hash.hex() if plan else None,
            "hold": erasure_views.hold_of(read, case_id),
            "waiting": erasure_views.waiting_of(read, case_id, self._gateway.now()),
            "orders": erasure_views.orders_of(read, case_id),
        }
        return views.answer(body, status=status)


async def _said(http_request: web.Request, *, about_erasure: bool) -> _Said:
    """The reason, and of an order whether also an open case is meant, or the content of one package alone."""
    try:
        members = Members(strict_json.decode(await whole_body(http_request), _BODY_BYTES_MAX), "order")
        reason = members.line("reason", longest=REASON_CHARACTERS_MAX)
        although_open = about_erasure and members.has("although_open") and members.truth("although_open")
        is_named = about_erasure and members.has("package")
        pid = bytes.fromhex(members.text("package", _DIGITS)) if is_named else None
        members.finish()
    except MalformedError as error:
        raise InvalidMessageError("bad-request", error.detail) from error
    if not reason.strip():
        raise InvalidMessageError("bad-request", "The reason says nothing.")
    return _Said(reason=reason, although_open=although_open, pid=pid)
