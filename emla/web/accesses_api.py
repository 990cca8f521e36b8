"""The part of the authority API that is about who read, elsewhere, what was sent (docs/reference/authority-api.md). Thin."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator

from aiohttp import web

from emla.flow.accesses.ask import AskAccesses
from emla.flow.accesses.kept import Kept, Said
from emla.web import views

FindCase = Callable[[web.Request], Awaitable[bytes]]


class AccessesApi:
    """The handlers, around the journey they start."""

    def __init__(self, ask: AskAccesses) -> None:
        self._ask = ask

    def add_routes(self, router: web.UrlDispatcher, find: FindCase) -> None:
        """Add the calls; `find` says which case a call is about, if it is for the caller."""
        self._find = find
        router.add_get("/v1/cases/{case_id}/accesses", self.get_accesses)
        router.add_post("/v1/cases/{case_id}/accesses", self.post_accesses)

    async def get_accesses(self, http_request: web.Request) -> web.Response:
        """GET /v1/cases/{case_id}/accesses: what holders have said so far of who read what we sent; nobody is asked."""
        case_id = await self._find(http_request)
        signed = http_request.query.get("signed") == "1"
        return await asyncio.to_thread(_answer, case_id, await self._ask.kept(case_id), signed=signed)

    async def post_accesses(self, http_request: web.Request) -> web.Response:
        """POST /v1/cases/{case_id}/accesses: ask every holder for what is new, and answer what is known then."""
        case_id = await self._find(http_request)
        return await asyncio.to_thread(_answer, case_id, await self._ask(case_id), signed=False)


def _answer(case_id: bytes, said: tuple[Said, ...], *, signed: bool) -> web.Response:
    """For another thread: how much there is, holders decide."""
    return views.answer(
        {"case_id": case_id.hex(), "holders": [_holder(each, signed=signed) for each in said]}
    )


def _holder(said: Said, *, signed: bool) -> views.Json:
    return {
        "holder": said.holder,
        "code": said.code or None,
        "detail": said.detail,
        "accesses": list(_accesses(said)),
        "reports": [_report(each, signed=signed) for each in said.kept],
    }


def _accesses(said: Said) -> Iterator[views.Json]:
    """Each access once: a holder may have been asked twice for the same."""
    shown: set[tuple[int, int, bytes]] = set()
    for kept in said.kept:
        epoch = kept.report.first.epoch
        for each in kept.report.accesses:
            if (key := (epoch, each.leaf, each.digest)) in shown:
                continue
            shown.add(key)
            yield {
                "what": each.kind.value,
                "at": views.instant(each.at),
                "package": each.pid.hex() if each.pid is not None else None,
                "part": each.part,
                "role": each.role or None,
                "person": each.person or None,
                "to": each.to or None,
                "epoch": epoch,
                "leaf": each.leaf,
                "digest": each.digest.hex(),
            }


def _report(kept: Kept, *, signed: bool) -> views.Json:
    report = kept.report
    return {
        "received_at": views.instant(kept.at),
        "made_at": views.instant(report.at),
        "epoch": report.first.epoch,
        "first": report.first.index,
        "end": report.end,
        "signed": base64.b64encode(kept.signed).decode("ascii") if signed else None,
    }
