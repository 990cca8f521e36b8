"""Errors as RFC 9457 problem+json. A peer sees code and correlation id; our own people also what happened and what to do."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from emla.model.errors import EmlaError
from emla.web.conditions import failed_precondition

logger = logging.getLogger("emla.web")

_RETRY_AFTER_SECONDS = 5
_RETRY_AFTER_QUOTA_SECONDS = 30
_CODES_OF_PEERS = {404: "not-found"}
"""Of what aiohttp refuses by itself; the rest is `bad-request` (docs/spec/wire.md)."""
_CODES = _CODES_OF_PEERS | {405: "method-not-allowed", 413: "too-large"}
"""The same towards our own people."""
_QUIET = frozenset({"busy", "quota"})
"""What is answered before a call is read is told in the log once a minute (`web.door`), and not for each call."""


def problem(error: EmlaError, correlation: str, *, to_peer: bool, status: int | None = None) -> web.Response:
    """Turn an error into its answer.

    Args:
        error: what happened.
        correlation: the id under which the log has more.
        to_peer: whether the reader is another authority's gateway.
        status: another one than that of its code.
    """
    entry, status = error.entry, status or error.entry.http
    body: dict[str, object] = {"code": entry.code, "status": status, "correlation_id": correlation}
    if not to_peer:
        body |= {
            "title": entry.meaning,
            "detail": error.detail,
            "remedy": entry.remedy,
            "who": entry.who.value,
            "findings": [asdict(finding) for finding in error.findings],
        }
    seconds = {202: _RETRY_AFTER_SECONDS, 503: _RETRY_AFTER_SECONDS, 429: _RETRY_AFTER_QUOTA_SECONDS}
    headers = {"Retry-After": str(seconds[status])} if status in seconds else {}
    if status == 401 and not to_peer:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode("utf-8"),
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )


def problem_middleware(new_correlation: Callable[[], str], *, to_peer: bool) -> Middleware:
    """Answer every error as a problem; unknown ones as ``internal``, with the traceback in the log only."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:  # aiohttp names it
        # Of a peer's call the guard says so, because somebody pays for it there.
        if not to_peer and "Content-Encoding" in request.headers:
            return problem(EmlaError("unsupported-encoding"), new_correlation(), to_peer=to_peer)
        try:
            return await handler(request)
        except EmlaError as error:
            correlation = new_correlation()
            if error.code not in _QUIET:
                logger.info("refused", extra={"code": error.code, "correlation_id": correlation})
            return problem(error, correlation, to_peer=to_peer, status=failed_precondition(request, error))
        except web.HTTPException as error:
            code = (_CODES_OF_PEERS if to_peer else _CODES).get(error.status, "bad-request")
            answer = problem(EmlaError(code, error.reason), new_correlation(), to_peer=to_peer)
            if not to_peer and "Allow" in error.headers:
                answer.headers["Allow"] = error.headers["Allow"]
            return answer
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            correlation = new_correlation()
            logger.exception("internal error", extra={"correlation_id": correlation, "code": "internal"})
            return problem(EmlaError("internal"), correlation, to_peer=to_peer)

    return middleware
