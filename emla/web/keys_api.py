"""The part of the authority API that is about keys, changes and revocations (docs/reference/authority-api.md). Thin."""

import base64
import re

from aiohttp import web

from emla.flow.documents.changes import Changes
from emla.flow.documents.key_report import own_keys
from emla.flow.gateway import Gateway
from emla.model.errors import InvalidMessageError, NotFoundError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.ports.keys import PrivateKeys
from emla.web import key_views, views
from emla.web.bodies import json_body

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TYPES = {
    "card": PayloadType.CARD,
    "root": PayloadType.ROOT,
    "officers": PayloadType.OFFICERS,
    "act": PayloadType.ACT,
}
_LISTED_MAX = 200
_SIGNED_MAX = 2


class KeysApi:
    """The handlers, around the journeys they start."""

    def __init__(self, gateway: Gateway, changes: Changes, keys: PrivateKeys) -> None:
        self._gateway = gateway
        self._changes = changes
        self._keys = keys

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_get("/v1/keys", self.get_keys)
        router.add_get("/v1/officers", self.get_officers)
        router.add_get("/v1/changes", self.get_changes)
        router.add_post("/v1/changes", self.post_change)
        router.add_get("/v1/changes/{hash}", self.get_change)
        router.add_post("/v1/changes/{hash}/approvals", self.post_approval)
        router.add_post("/v1/changes/{hash}/publish", self.post_publish)
        router.add_post("/v1/revocations", self.post_revocation)

    async def get_keys(self, http_request: web.Request) -> web.Response:
        """GET /v1/keys: our own keys, and where our documents stand."""
        items = [key_views.own_key(each) for each in own_keys(self._gateway, self._keys)]
        own = self._gateway.identity.authority
        return views.answer({"items": items, "documents": key_views.documents(own, self._gateway.now())})

    async def get_officers(self, http_request: web.Request) -> web.Response:
        """GET /v1/officers: the key officers of today."""
        officers, payload = self._changes.officers(), self._gateway.store.read.officers()
        if officers is None or payload is None:
            raise NotFoundError("not-found", "There is no list of key officers yet.")
        return views.answer(key_views.officers(officers, payload))

    async def get_changes(self, http_request: web.Request) -> web.Response:
        """GET /v1/changes: the newest first."""
        officers = self._changes.officers()
        items = [key_views.change(each, officers) for each in self._changes.all(_LISTED_MAX)]
        return views.answer({"items": items})

    async def get_change(self, http_request: web.Request) -> web.Response:
        """GET /v1/changes/{hash}."""
        return self._change(_hash(http_request))

    def _change(self, sha256: bytes, status: int = 200) -> web.Response:
        shown = self._changes.one(sha256)
        return views.answer(key_views.change(shown, self._changes.officers()), status=status)

    async def post_change(self, http_request: web.Request) -> web.Response:
        """POST /v1/changes: propose a document."""
        body = await json_body(http_request)
        kind = _TYPES.get(str(body.get("type")))
        if kind is None:
            raise InvalidMessageError("bad-request", f"type is one of {', '.join(_TYPES)}.")
        change = await self._changes.propose(kind, _octets(body, "document"), _octets(body, "approval"))
        return self._change(change.row.sha256, 201)

    async def post_approval(self, http_request: web.Request) -> web.Response:
        """POST /v1/changes/{hash}/approvals: approve a proposed document."""
        body = await json_body(http_request)
        change = await self._changes.approve(_hash(http_request), _octets(body, "approval"))
        return self._change(change.row.sha256, 201)

    async def post_publish(self, http_request: web.Request) -> web.Response:
        """POST /v1/changes/{hash}/publish: publish an approved document, signed."""
        body = await json_body(http_request)
        listed = body.get("documents", [])
        if not isinstance(listed, list) or len(listed) > _SIGNED_MAX:
            raise InvalidMessageError("bad-request", "documents is a list of at most two.")
        signed = [_decoded(each, "documents") for each in listed]
        change = await self._changes.publish(_hash(http_request), signed)
        return self._change(change.row.sha256)

    async def post_revocation(self, http_request: web.Request) -> web.Response:
        """POST /v1/revocations: revoke a key, or freeze the authority; signed by one root key."""
        body = await json_body(http_request)
        authority = await self._changes.revoke(_octets(body, "revocation"))
        return views.answer(key_views.documents(authority, self._gateway.now()), status=201)


def _hash(http_request: web.Request) -> bytes:
    value = http_request.match_info["hash"]
    if not _HASH.fullmatch(value):
        raise NotFoundError("not-found", "A change has a hash of 64 hexadecimal digits.")
    return bytes.fromhex(value)


def _octets(body: dict[str, object], name: str) -> bytes:
    return _decoded(body.get(name), name)


def _decoded(value: object, name: str) -> bytes:
    if isinstance(value, str) and len(value) <= 2 * WIRE.document_bytes:
        try:
            return base64.b64decode(value, validate=True)
        except ValueError:  # also of characters that base64 does not know
            pass
    raise InvalidMessageError("bad-request", f"'{name}' is not base64 of a document.")
