"""Every answer of the authority API that any test sees is one that the published document describes: status, type, members, code.

`hold` puts a reader before the handlers of gateway and hub. What it does not know it answers as `internal`, with a sentence, so
that the test fails that asked. Servers of `tests.support.servers` call it in their own processes.
"""

import functools
from collections.abc import Callable

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from emla.web.authority_api import AuthorityApi
from emla.web.contract.call import Call, Octets, Problem
from emla.web.contract.table import CALLS
from emla.web.hub_desk import HubDesk
from emla.web.rights import OPEN, OPERATIONS, operation_of


def hold() -> None:
    """Read every answer from now on."""
    for kind in (AuthorityApi, HubDesk):
        if not hasattr(kind.application, "__wrapped__"):
            kind.application = _held(kind.application)  # type: ignore[method-assign]  # that is what it is for


def _held(make: Callable[..., web.Application]) -> Callable[..., web.Application]:
    @functools.wraps(make)
    def application(api: object) -> web.Application:
        made = make(api)
        made.middlewares.insert(0, _reader)
        return made

    return application


@web.middleware
async def _reader(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    key = operation_of(request.match_info.route)
    wrong = trouble(CALLS.get(key), answer, is_open=OPERATIONS.get(key, OPEN) is OPEN)
    if not wrong:
        return answer
    sentence = f"Undocumented: {request.method} {request.path}: {wrong}"
    body = {"code": "internal", "status": 500, "detail": sentence, "correlation_id": "undocumented"}
    return web.json_response(body, status=500, content_type="application/problem+json")


def trouble(call: Call | None, answer: web.StreamResponse, *, is_open: bool) -> str:
    """What the document does not say of an answer; empty when it says all of it."""
    body = answer.body if isinstance(answer, web.Response) else None
    if answer.content_type == "application/problem+json":
        return _refusal(call, answer.status, body, is_open=is_open)
    if call is None:
        return "this is no call, and was answered."
    if answer.status not in call.status:
        return f"the status {answer.status}."
    if call.stream and answer.content_type == call.stream:
        return ""  # what is in it is for the tests of the stream
    if answer.status in (204, 304) or call.answer is None:
        return "a body where none is." if body else ""
    if isinstance(call.answer, Octets):
        return "" if answer.content_type == call.answer.media else f"the type {answer.content_type}."
    if answer.content_type != "application/json" or not isinstance(body, bytes):
        return f"the type {answer.content_type}."
    return _members(body, call.answer)


def _refusal(call: Call | None, status: int, body: object, *, is_open: bool) -> str:
    assert isinstance(body, bytes)
    if wrong := _members(body, Problem):
        return wrong
    problem = msgspec.json.decode(body, type=Problem)
    if problem.status != status:
        return "its status is not that of its problem."
    if call is not None and problem.code not in call.all_codes(is_open=is_open):
        return f"the code {problem.code} ({problem.detail})."
    return ""


def _members(body: bytes, kind: object) -> str:
    try:
        msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        return str(error)
    return ""
