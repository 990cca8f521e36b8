"""A submission on the authority API: length, declaration, the bytes of every part (docs/reference/authority-api.md). Thin."""

import re
from dataclasses import replace
from functools import partial

from aiohttp import web

from emla.flow.line.submission import Submission
from emla.formats import strict_json
from emla.formats.patterns import AUTHORITY, MEDIA_TYPE, RULE
from emla.formats.strict_json import Members
from emla.model.errors import InvalidMessageError, MalformedError
from emla.model.findings import OVERRIDES_MAX, REASON_CHARACTERS_MAX, Override
from emla.model.limits import WIRE
from emla.model.package import DeclaredPart, PartRole, Priority
from emla.model.person import Caller
from emla.web.bodies import BodySource
from emla.web.conditions import precondition
from emla.web.rights import caller_of

CASE_TAG = re.compile(r"[0-9a-f]{32}", re.ASCII)
_DECLARATION_BYTES_MAX = 1024 * 1024


async def read_submission(http_request: web.Request) -> Submission:
    """Read how long the declaration is, and the declaration; the parts are still to come.

    Raises:
        InvalidMessageError: ``bad-request``.
    """
    short = partial(InvalidMessageError, "bad-request", "The body ended before its length.")
    looked_at = precondition(http_request)
    source = BodySource(http_request.content, http_request.content_length or 0, short)
    if source.size < 4:
        raise short()
    length = int.from_bytes(await source.read_exactly(4), "big")
    if not 0 < length <= min(_DECLARATION_BYTES_MAX, source.size):
        raise InvalidMessageError("bad-request", "The declaration has no acceptable length.")
    submission = _submission(await source.read_exactly(length), source, caller_of(http_request))
    if looked_at is None:
        return submission
    if submission.seen not in (None, looked_at):
        raise InvalidMessageError("bad-request", "If-Match and 'case_etag' name different tags.")
    return replace(submission, seen=looked_at)


def _submission(declaration: bytes, source: BodySource, caller: Caller) -> Submission:
    try:
        members = Members(strict_json.decode(declaration, _DECLARATION_BYTES_MAX), "submission")
        parts = tuple(_declared(each) for each in members.objects("parts", WIRE.parts))
        priority = Priority(members.text("prio")) if members.has("prio") else None
        days = members.integer("expires_in_days", 1, 90) if members.has("expires_in_days") else None
        recipient = members.text("recipient", AUTHORITY, 160) if members.has("recipient") else None
        overrides = members.objects("overrides", OVERRIDES_MAX) if members.has("overrides") else ()
        overriding = tuple(_override(each) for each in overrides)
        seen = members.text("case_etag", CASE_TAG) if members.has("case_etag") else None
        emergency = said(members, "emergency") if members.has("emergency") else None
        members.finish()
    except (MalformedError, ValueError) as error:
        raise InvalidMessageError("bad-request", getattr(error, "detail", str(error))) from error
    if sum(part.size for part in parts) != source.size:
        raise InvalidMessageError("bad-request", "The body is not as long as its parts together.")
    return Submission(
        parts=parts,
        source=source,
        recipient=recipient,
        priority=priority,
        expires_in_days=days,
        overrides=overriding,
        seen=seen,
        drafter=caller,
        emergency=emergency,
    )


def _override(members: Members) -> Override:
    override = Override(rule=members.text("rule", RULE, 32), reason=said(members, "reason"))
    members.finish()
    return override


def said(members: Members, name: str) -> str:
    """A reason in a line, which says something.

    Raises:
        MalformedError: it says nothing, or too much.
    """
    reason = members.line(name, longest=REASON_CHARACTERS_MAX)
    if not reason.strip():
        raise MalformedError(f"{name} without a reason.")
    return reason


def _declared(members: Members) -> DeclaredPart:
    part = DeclaredPart(
        name=members.text("name"),
        media=members.text("media", MEDIA_TYPE),
        role=PartRole(members.text("role")),
        size=members.integer("size"),
    )
    if members.has("sha256"):
        members.text("sha256")  # the message itself names the hash that counts
    members.finish()
    return part
