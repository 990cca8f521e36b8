"""Who signed a call that carries no signed object (docs/spec/signed-calls.md): the web's side of `steps.verify_call`."""

from aiohttp import web

from emla.flow.gateway import Gateway
from emla.flow.hub.nonces import Nonces
from emla.model.documents import Authority
from emla.model.errors import InvalidPackageError
from emla.steps.verify_call import verify_call
from emla.web.guard import Guard


class SignedCalls:
    """Verifies calls, and remembers their nonces."""

    def __init__(self, gateway: Gateway, guard: Guard) -> None:
        self._gateway = gateway
        self._guard = guard
        self._nonces = Nonces(gateway.clock)

    def caller(self, http_request: web.Request, body: bytes | None = None) -> Authority:
        """Who signed a call.

        Raises:
            InvalidPackageError: ``malformed``: it has a body, and no call of its kind has.
            InvalidCallError: as `verify_call`.
        """
        if body is None and http_request.body_exists:
            raise InvalidPackageError("malformed", "This call has no body.")
        path, _, query = http_request.raw_path.partition("?")
        fields: dict[str, list[str]] = {}
        for name, value in http_request.headers.items():
            fields.setdefault(name.lower(), []).append(value)
        caller = verify_call(
            http_request.method,
            path,
            query,
            fields,
            body,
            here=self._gateway.identity.id,
            find_sender=self._gateway.directory.find,
            now=self._gateway.now(),
            seen_nonce=self._nonces.seen,
        )
        self._guard.contact(caller.id)
        return caller
