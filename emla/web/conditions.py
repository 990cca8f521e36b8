"""Conditions of a call (RFC 9110, 13): If-None-Match, for who has seen a case; If-Match, for who writes for it as it was.

The tag of a case is `etag.view`. Both halves count for who reads: with a delivery it is another answer. For who writes only the
first does: what the transport did since changes nothing of what there is to say.
"""

import re

from aiohttp import web

from emla.model.errors import EmlaError, InvalidMessageError

_PRECONDITION = web.RequestKey("precondition", str)
"""The `etag` of the case that a call was made for by its If-Match."""
_CASE = re.compile(r"([0-9a-f]{32})(\.[0-9a-f]{32})?", re.ASCII)


def tag_of(etag: str, view: object) -> str:
    """The header ETag of a case."""
    return f'"{etag}.{view}"'


def is_known(http_request: web.Request, tag: str) -> bool:
    """Whether If-None-Match names this tag; what cannot be read names none."""
    known = http_request.if_none_match or ()
    return any(each.value == "*" or f'"{each.value}"' == tag for each in known)


def precondition(http_request: web.Request) -> str | None:
    """The `etag` of the case that If-Match names; None: there is no such header.

    Raises:
        InvalidMessageError: ``bad-request``: it is not the tag of one case.
    """
    if "If-Match" not in http_request.headers:
        return None
    named = http_request.if_match or ()
    found = _CASE.fullmatch(named[0].value) if len(named) == 1 and not named[0].is_weak else None
    if found is None:
        raise InvalidMessageError(
            "bad-request", "If-Match is the ETag of one case, or its 'etag' in double quotes."
        )
    http_request[_PRECONDITION] = found[1]
    return found[1]


def failed_precondition(http_request: web.Request, error: EmlaError) -> int | None:
    """The status for a case that is not what If-Match named; None: the error has its own."""
    return 412 if error.code == "case-changed" and _PRECONDITION in http_request else None
