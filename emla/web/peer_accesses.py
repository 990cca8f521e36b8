"""The part of the peer API about accesses (docs/spec/accesses.md): an owner asks who read what is held here. Thin."""

import re

from aiohttp import web

from emla.flow.accesses.give import GiveAccesses
from emla.flow.gateway import Gateway
from emla.model.access import LedgerPlace
from emla.model.errors import InvalidPackageError
from emla.web.guard import Guard
from emla.web.signed import SignedCalls

ACCESSES_MEDIA = "application/vnd.emla.accesses+json"
_CASE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_QUERY = re.compile(r"epoch=(0|[1-9][0-9]{0,8})&first=(0|[1-9][0-9]{0,14})", re.ASCII)


class PeerAccesses:
    """The handler, around the journey it starts."""

    def __init__(self, gateway: Gateway, guard: Guard, give: GiveAccesses) -> None:
        self._gateway = gateway
        self._give = give
        self._calls = SignedCalls(gateway, guard)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the call to the application that peers reach."""
        router.add_get("/emla/1/accesses/{case_id}", self.get_accesses, allow_head=False)

    async def get_accesses(self, http_request: web.Request) -> web.Response:
        """GET /emla/1/accesses/{case_id}?epoch=E&first=N: who read what is held here of the caller's, as a signed report."""
        asker = self._calls.caller(http_request)
        case_id = http_request.match_info["case_id"]
        place = _QUERY.fullmatch(http_request.raw_path.partition("?")[2])
        if not _CASE.fullmatch(case_id) or place is None:
            raise InvalidPackageError("malformed", "It names no case, or no place in a ledger.")
        with self._gateway.under_way.one():
            report = await self._give(
                asker.id, bytes.fromhex(case_id), LedgerPlace(epoch=int(place[1]), index=int(place[2]))
            )
        return web.Response(body=report, content_type=ACCESSES_MEDIA)
