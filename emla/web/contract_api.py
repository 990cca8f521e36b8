"""GET /v1/openapi.json: what this server answers, as OpenAPI 3.1, made of `web.contract` and `web.rights` when asked for."""

import msgspec
from aiohttp import web

from emla import __version__
from emla.web.contract.call import Call
from emla.web.contract.document import document
from emla.web.contract.table import CALLS
from emla.web.rights import OPEN, OPERATIONS, operation_of


class ContractApi:
    """The handler; gateway and hub have it alike, each with the calls that it serves."""

    def __init__(self) -> None:
        self._calls: tuple[Call, ...] = ()
        self._made = b""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the call, and take stock of all: the last thing that is added.

        Raises:
            RuntimeError: a programmer's error: a call that nobody has described.
        """
        router.add_get("/v1/openapi.json", self.get_document)
        served = dict.fromkeys(operation_of(route) for route in router.routes())
        for method, path in served:
            if (method, path) not in CALLS:
                raise RuntimeError(
                    f"{method} {path} is not described: give it a row, a `Call`, in a file of emla/web/contract "
                    "(and that file a place in table.py)."
                )
        self._calls = tuple(CALLS[each] for each in served)

    async def get_document(self, http_request: web.Request) -> web.Response:
        """GET /v1/openapi.json."""
        if not self._made:
            calls = ((each, OPERATIONS.get((each.method, each.path), OPEN)) for each in self._calls)
            self._made = msgspec.json.encode(document(calls, __version__))
        return web.Response(body=self._made, content_type="application/json")
