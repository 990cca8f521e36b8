"""The part of the authority API that is about drafts and approval (docs/reference/authority-api.md). Thin.

Whom a draft is for: its drafter, and whoever sees all cases. For others it is not there, and a leaf tells that they asked.
"""

import re

from aiohttp import web

from emla.flow.dockets import Dockets
from emla.flow.drafts.alone import SentAlone
from emla.flow.drafts.drafts import Drafts
from emla.flow.events import CONTENT_REFUSED, event
from emla.flow.gateway import Gateway
from emla.flow.line.submission import Submitted
from emla.flow.people.reads import told_read
from emla.formats import strict_json
from emla.formats.strict_json import Members
from emla.model.draft import KEPT, DraftContent, DraftState
from emla.model.errors import ConfigurationError, InvalidMessageError, MalformedError, NotFoundError
from emla.model.person import Caller
from emla.ports.drafts import DraftRow
from emla.web import draft_views, views
from emla.web.bodies import whole_body
from emla.web.queries import integer, limit
from emla.web.rights import caller_of
from emla.web.submissions import read_submission, said

_PREFIX = re.compile(r"[0-9a-f]{8,32}", re.ASCII)
_MESSAGE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LOOKED_AT = 64
_BODY_BYTES_MAX = 16 * 1024


class DraftsApi:
    """The handlers."""

    def __init__(self, gateway: Gateway, drafts: Drafts, alone: SentAlone, dockets: Dockets) -> None:
        self._gateway = gateway
        self._drafts = drafts
        self._alone = alone
        self._dockets = dockets

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_post("/v1/drafts", self.post_draft)
        router.add_get("/v1/drafts", self.get_drafts)
        router.add_get("/v1/drafts/{id}", self.get_draft)
        router.add_delete("/v1/drafts/{id}", self.delete_draft)
        router.add_get("/v1/drafts/{id}/parts/{number}", self.get_part)
        router.add_post("/v1/drafts/{id}/approve", self.post_approve)
        router.add_post("/v1/drafts/{id}/return", self.post_return)
        router.add_get("/v1/alone", self.get_alone)
        router.add_post("/v1/alone/{message_id}/review", self.post_review)

    async def post_draft(self, http_request: web.Request) -> web.Response:
        """POST /v1/drafts: hand a message in for another person to approve; the body is that of POST /v1/messages."""
        submission = await read_submission(http_request)
        with self._gateway.under_way.one():
            found = await self._drafts.hand_in(submission)
        if isinstance(found, Submitted):
            body: views.Json = {"id": None, "state": DraftState.SENT.value, "pid": found.pid.hex()}
            return views.answer(body, status=200)
        row, was_there = found
        return views.answer(await self._whole(row), status=200 if was_there else 201)

    async def get_drafts(self, http_request: web.Request) -> web.Response:
        """GET /v1/drafts: the newest first; a drafter's own, or all for whoever sees all cases."""
        caller, state = caller_of(http_request), http_request.query.get("state")
        if state is not None and state not in {each.value for each in DraftState}:
            raise InvalidMessageError("bad-request", "There is no such state of a draft.")
        is_mine = http_request.query.get("mine") == "1" or not caller.sees_all_cases
        found = self._gateway.store.read.drafts(
            state=DraftState(state) if state else None,
            drafter=caller.id if is_mine else None,
            limit=limit(http_request),
        )
        return views.answer({"items": [self._line(each) for each in found]})

    async def get_draft(self, http_request: web.Request) -> web.Response:
        """GET /v1/drafts/{id}: a draft whole; the read leaves a leaf."""
        row = await self._seen(http_request)
        if row.state in KEPT:
            await self._told(caller_of(http_request), row, None)
        return views.answer(await self._whole(row))

    async def delete_draft(self, http_request: web.Request) -> web.Response:
        """DELETE /v1/drafts/{id}: its drafter takes it back."""
        row = await self._drafts.withdraw(caller_of(http_request), await self._seen(http_request))
        return views.answer(await self._whole(row))

    async def get_part(self, http_request: web.Request) -> web.StreamResponse:
        """GET /v1/drafts/{id}/parts/{n}: the part's bytes; the read leaves a leaf before the first of them."""
        row, number = await self._seen(http_request), integer(http_request.match_info["number"])
        content = self._drafts.content(row)
        if number >= len(content.parts):
            raise NotFoundError("not-found", f"It has {len(content.parts)} parts.")
        stream, part = await self._drafts.part(row, content, number), content.parts[number]
        await self._told(caller_of(http_request), row, number)
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Length": str(part.size),
                "X-Emla-Sha256": part.sha256.hex(),
                "X-Content-Type-Options": "nosniff",
            }
        )
        await response.prepare(http_request)
        start = sum(each.size for each in content.parts[:number])
        async for piece in stream.pieces(start, start + part.size):
            await response.write(piece)
        await response.write_eof()
        return response

    async def post_approve(self, http_request: web.Request) -> web.Response:
        """POST /v1/drafts/{id}/approve: the second person sends exactly this."""
        row = await self._seen(http_request)
        wanted, _ = await _decision(http_request, reason=False)
        with self._gateway.under_way.one():
            row = await self._drafts.approve(caller_of(http_request), row, wanted)
        return views.answer(await self._whole(row))

    async def post_return(self, http_request: web.Request) -> web.Response:
        """POST /v1/drafts/{id}/return: the second person gives it back, with the reason."""
        row = await self._seen(http_request)
        wanted, reason = await _decision(http_request, reason=True)
        row = await self._drafts.give_back(caller_of(http_request), row, wanted, reason)
        return views.answer(await self._whole(row))

    # --- what went without a second person ---

    async def get_alone(self, http_request: web.Request) -> web.Response:
        """GET /v1/alone: messages that went without a second person, the newest first."""
        open_only = http_request.query.get("open") == "1"
        found = self._gateway.store.read.alone_ones(open_only=open_only, limit=limit(http_request))
        who = self._gateway.store.read.person
        return views.answer(
            {"items": [draft_views.alone(each, who, self._pid(each.message_id)) for each in found]}
        )

    async def post_review(self, http_request: web.Request) -> web.Response:
        """POST /v1/alone/{message_id}/review: an approver has looked at it, and agrees or does not."""
        named = http_request.match_info["message_id"]
        if not _MESSAGE.fullmatch(named):
            raise NotFoundError("not-found", "A message id has 32 hexadecimal digits.")
        members = await _members(http_request, "review")
        try:
            agrees = members.truth("agrees")
            words = said(members, "words") if members.has("words") else ""
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        row = await self._alone.review(
            caller_of(http_request), bytes.fromhex(named), agrees=agrees, words=words
        )
        return views.answer(
            draft_views.alone(row, self._gateway.store.read.person, self._pid(row.message_id))
        )

    # --- shared ---

    async def _seen(self, http_request: web.Request) -> DraftRow:
        """The draft that is meant, if it is for the caller."""
        prefix, caller = http_request.match_info["id"], caller_of(http_request)
        if not _PREFIX.fullmatch(prefix):
            raise NotFoundError("not-found", "An id of a draft has 8 to 32 hexadecimal digits.")
        low, high = bytes.fromhex(prefix.ljust(32, "0")), bytes.fromhex(prefix.ljust(32, "f"))
        found = self._gateway.store.read.drafts_beginning(low, high, _LOOKED_AT)
        own = [each for each in found if caller.sees_all_cases or each.drafter == caller.id]
        if len(own) > 1:
            raise NotFoundError("not-found", f"More than one draft begins with {prefix}.")
        if own:
            return own[0]
        if found:
            facts = {"person": caller.id, "what": "draft", "id": found[0].id.hex()}
            await self._gateway.store.write(event(self._gateway, CONTENT_REFUSED, facts))
        raise NotFoundError("not-found")

    async def _told(self, caller: Caller, row: DraftRow, part: int | None) -> None:
        role = caller.reads_as
        if role is None:
            raise ConfigurationError("not-allowed", "Content is not for this person.")
        told = told_read(self._gateway, caller, what="draft", id_=row.id.hex(), part=part, role=role)
        await self._gateway.store.write(told)

    def _pid(self, message_id: bytes) -> bytes | None:
        sent = self._gateway.store.read.sent_by_message(message_id)
        return sent.pid if sent else None

    def _content(self, row: DraftRow) -> DraftContent | None:
        return self._drafts.content(row) if row.sealed is not None else None

    def _line(self, row: DraftRow) -> views.Json:
        content, who = self._content(row), self._gateway.store.read.person
        return draft_views.line(row, content, who, self._pid(row.message_id))

    async def _whole(self, row: DraftRow) -> views.Json:
        content, read = self._content(row), self._gateway.store.read
        digest = self._drafts.hash_of(row, content) if content else None
        moved = None
        if content is not None and content.seen is not None:
            moved = (await self._dockets.of(row.case_id)).tag != content.seen
        return draft_views.draft(
            row, content, read.person, self._pid(row.message_id), digest=digest, moved=moved
        )


async def _members(http_request: web.Request, what: str) -> Members:
    try:
        return Members(strict_json.decode(await whole_body(http_request), _BODY_BYTES_MAX), what)
    except MalformedError as error:
        raise InvalidMessageError("bad-request", error.detail) from error


async def _decision(http_request: web.Request, *, reason: bool) -> tuple[bytes, str]:
    """The hash of what was looked at, and why it goes back."""
    members = await _members(http_request, "decision")
    try:
        wanted = bytes.fromhex(members.text("hash", _HASH))
        why = said(members, "reason") if reason else ""
        members.finish()
    except MalformedError as error:
        raise InvalidMessageError("bad-request", error.detail) from error
    return wanted, why
