"""The header Idempotency-Key: stands between rights and handlers. Calls whose row in `web.contract` takes none ignore it."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from emla.flow.repeats import Repeats
from emla.formats.kept_answer import CallKey, KeptAnswer, call_key
from emla.model.errors import InvalidMessageError
from emla.web.bodies import whole_body
from emla.web.contract.call import KEY_HEADER, REPLAYED_HEADER
from emla.web.contract.table import CALLS
from emla.web.rights import operation_of

_CALL_KEY = web.RequestKey("call_key", CallKey)
_KEY = re.compile(r'"?([!#-\[\]-~]{16,128})"?', re.ASCII)


class Repeated:
    """Answers what was answered before."""

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a call through once."""  # aiohttp names the arguments
        given = request.headers.getall(KEY_HEADER, [])
        call = CALLS.get(operation_of(request.match_info.route))
        if not given or call is None or not call.takes_key:
            return await handler(request)
        found = _KEY.fullmatch(given[0])
        if len(given) > 1 or found is None:
            raise InvalidMessageError(
                "bad-request", f"{KEY_HEADER} is one text of 16 to 128 visible ASCII characters."
            )
        # The whole header: whoever bears another token is another caller.
        asked = (request.method, request.path_qs, await whole_body(request))
        key = call_key(request.headers.get("Authorization", ""), found[1], asked)
        if kept := self._repeats.begin(key):
            headers = {REPLAYED_HEADER: "true"}
            return web.Response(body=kept.body, status=kept.status, content_type=kept.media, headers=headers)
        request[_CALL_KEY] = key
        try:
            answer = await handler(request)
            if isinstance(answer, web.Response) and answer.status < 300:
                body = answer.body if isinstance(answer.body, bytes) else b""
                await self._repeats.keep(
                    key, KeptAnswer(status=answer.status, media=answer.content_type, body=body)
                )
            return answer
        finally:
            self._repeats.end(key)


def message_id_of(request: web.Request) -> bytes | None:
    """The id that a message has which a call with a key has written; None where the call has no key."""
    key = request.get(_CALL_KEY)
    return None if key is None else key.message_id
