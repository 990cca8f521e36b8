"""The part of the authority API that is about what waits for a decision (docs/reference/authority-api.md). Thin.

Two things wait: packages that could not be opened, and parts that the malware scanner did not call clean.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from emla.flow.gateway import Gateway
from emla.flow.line.hand_over import HandOver
from emla.flow.line.scan import Scans, Suspect
from emla.flow.people.sight import Sight
from emla.formats.strict_json import check_line
from emla.model.errors import ConfigurationError, InvalidMessageError, MalformedError
from emla.model.person import Caller, PersonRole
from emla.model.scan import ScanVerdict
from emla.ports.listings import Listings
from emla.ports.scans import HeldPart
from emla.web import scan_views, views
from emla.web.bodies import json_body
from emla.web.queries import integer, limit
from emla.web.rights import RELEASERS, caller_of, sees_every_envelope

REASON_CHARACTERS_MAX = 500
_SEARCHED_MAX = 5000
"""How many of the newest are looked through for those of one person's cases."""

Resolve = Callable[[web.Request], Awaitable[bytes]]
"""From the `{pid}` of a call to a package that the caller may know of."""


class QuarantineApi:
    """The handlers, around the journeys they start."""

    def __init__(
        self, gateway: Gateway, *, listings: Listings, hand_over: HandOver, scans: Scans, sight: Sight
    ) -> None:
        self._gateway = gateway
        self._listings = listings
        self._hand_over = hand_over
        self._scans = scans
        self._sight = sight

    def add_routes(self, router: web.UrlDispatcher, resolve: Resolve) -> None:
        """Add the calls to the authority API's application."""
        self._resolve = resolve
        router.add_get("/v1/quarantine", self.get_quarantine)
        router.add_post("/v1/messages/{pid}/parts/{number}/scan", self.post_scan)
        router.add_post("/v1/messages/{pid}/parts/{number}/release", self.post_release)

    @property
    def kind(self) -> str | None:
        """What scans here."""
        return self._scans.kind

    async def get_quarantine(self, http_request: web.Request) -> web.Response:
        """GET /v1/quarantine: packages that could not be opened, and parts that are not clean, the newest first."""
        caller, most = caller_of(http_request), limit(http_request)
        everything = sees_every_envelope(caller)
        packages = await self._listings.packages(
            incoming=True,
            outgoing=False,
            state=None,
            unopened=True,
            limit=most if everything else _SEARCHED_MAX,
        )
        shown = []
        for each in packages:
            content = self._hand_over.content(each.pid, each.signed)
            if everything or self._sight.sees(caller, content.manifest.conversation if content else None):
                shown.append(scan_views.unopened(each))
        for part in self._gateway.store.read.held_parts(most if everything else _SEARCHED_MAX):
            shown += self._shown(part, caller, everything=everything)
        return views.answer({"scanner": self.kind, "items": shown[:most]})

    def _shown(self, part: HeldPart, caller: Caller, *, everything: bool) -> list[views.Json]:
        content = self._hand_over.content(part.pid, part.signed)
        if content is None:
            return []
        if not everything and not self._sight.sees(caller, content.manifest.conversation):
            return []
        return [scan_views.held(part, content.manifest if caller.sees_content else None)]

    async def post_scan(self, http_request: web.Request) -> web.Response:
        """POST /v1/messages/{pid}/parts/{n}/scan: scan a part now, whatever was said of it before."""
        suspect = await self._suspect(http_request)
        known = await self._scans.again(suspect)
        return views.answer(scan_views.part_scan(known))

    async def post_release(self, http_request: web.Request) -> web.Response:
        """POST /v1/messages/{pid}/parts/{n}/release: hand a part over in spite of what the scanner said."""
        caller = caller_of(http_request)
        suspect = await self._suspect(http_request)
        seen, reason = await _decision(http_request)
        role = next((each for each in PersonRole if each in caller.roles & RELEASERS), None)
        if role is None:  # the middleware has said so already
            raise ConfigurationError("not-allowed", "It is for others.")
        known = await self._scans.release(suspect, seen, caller=caller, role=role.value, reason=reason)
        return views.answer(scan_views.part_scan(known))

    async def _suspect(self, http_request: web.Request) -> Suspect:
        pid = await self._resolve(http_request)
        number = integer(http_request.match_info["number"])
        return await self._hand_over.suspect(pid, number, caller_of(http_request))


async def _decision(http_request: web.Request) -> tuple[ScanVerdict, str]:
    body = await json_body(http_request)
    seen, reason = body.get("verdict"), body.get("reason")
    held = [each.value for each in ScanVerdict if each is not ScanVerdict.CLEAN]
    if seen not in held:
        raise InvalidMessageError(
            "bad-request", f"verdict is what you have seen of the part: {', '.join(held)}."
        )
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidMessageError("bad-request", "Say in 'reason' why: a line for those who come after you.")
    try:
        check_line("reason", reason, REASON_CHARACTERS_MAX)
    except MalformedError as error:
        raise InvalidMessageError("bad-request", error.detail) from error
    return ScanVerdict(str(seen)), reason
