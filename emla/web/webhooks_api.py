"""The part of the authority API by which events are posted to a case system (docs/reference/authority-api.md). Thin."""

from aiohttp import web

from emla.flow.gateway import Gateway
from emla.flow.happenings.feed import Feed
from emla.flow.happenings.webhooks import Webhooks
from emla.formats import strict_json
from emla.formats.strict_json import Members, encode_octets
from emla.formats.webhook import public_pem, webhook_key
from emla.model.errors import InvalidMessageError, MalformedError
from emla.model.happening import Place, parse_place, wanted_types
from emla.model.webhook import PAUSED_BECAUSE, URL_CHARACTERS_MAX, Webhook
from emla.web import views
from emla.web.bodies import whole_body
from emla.web.rights import caller_of

_BODY_BYTES_MAX = 8192
_TYPES_MAX = 64
NOW, BEGINNING = "now", "beginning"


class WebhooksApi:
    """The handlers, around the journeys they start."""

    def __init__(self, gateway: Gateway, feed: Feed, webhooks: Webhooks) -> None:
        self._gateway = gateway
        self._feed = feed
        self._webhooks = webhooks

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_get("/v1/webhooks", self.get_webhooks)
        router.add_post("/v1/webhooks", self.post_webhook)
        router.add_get("/v1/webhooks/{id}", self.get_webhook)
        router.add_delete("/v1/webhooks/{id}", self.delete_webhook)
        router.add_post("/v1/webhooks/{id}/test", self.post_test)
        router.add_post("/v1/webhooks/{id}/pause", self.post_pause)
        router.add_post("/v1/webhooks/{id}/resume", self.post_resume)

    async def get_webhooks(self, http_request: web.Request) -> web.Response:
        """GET /v1/webhooks: one's own, or all for an operator; the oldest first."""
        found = self._webhooks.of(caller_of(http_request))
        return views.answer({"items": [self._line(each) for each in found]})

    async def post_webhook(self, http_request: web.Request) -> web.Response:
        """POST /v1/webhooks: have events posted to an address."""
        members = await _members(http_request)
        try:
            url = members.text("url", longest=URL_CHARACTERS_MAX)
            types = members.texts("types", _TYPES_MAX) if members.has("types") else ()
            text = members.text("after") if members.has("after") else NOW
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        if wanted_types(types) is None:
            words = "'types' are types of events, or what stands before their point."
            raise InvalidMessageError("bad-request", words)
        after = await self._place(text)
        webhook = await self._webhooks.add(caller_of(http_request), url, types, after)
        return await self._answer(webhook, status=201)

    async def get_webhook(self, http_request: web.Request) -> web.Response:
        """GET /v1/webhooks/{id}: one, with its key and what waits for it."""
        return await self._answer(self._one(http_request))

    async def delete_webhook(self, http_request: web.Request) -> web.Response:
        """DELETE /v1/webhooks/{id}: end one."""
        webhook = self._one(http_request)
        await self._webhooks.remove(caller_of(http_request), webhook)
        return views.answer(self._line(webhook))

    async def post_test(self, http_request: web.Request) -> web.Response:
        """POST /v1/webhooks/{id}/test: post an event that says nothing, and say what came back."""
        return views.answer({"status": await self._webhooks.test(self._one(http_request))})

    async def post_pause(self, http_request: web.Request) -> web.Response:
        """POST /v1/webhooks/{id}/pause: post nothing for a while."""
        webhook = await self._webhooks.pause(caller_of(http_request), self._one(http_request))
        return await self._answer(webhook)

    async def post_resume(self, http_request: web.Request) -> web.Response:
        """POST /v1/webhooks/{id}/resume: go on where it stood, or behind another place."""
        webhook = self._one(http_request)
        members = await _members(http_request)
        try:
            text = members.text("after") if members.has("after") else None
            members.finish()
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        after = webhook.place if text is None else await self._place(text)
        return await self._answer(await self._webhooks.resume(caller_of(http_request), webhook, after))

    def _one(self, http_request: web.Request) -> Webhook:
        return self._webhooks.one(caller_of(http_request), http_request.match_info["id"])

    async def _place(self, text: str) -> Place | None:
        if text == NOW:
            return await self._feed.now()
        if text == BEGINNING:
            return None
        place = parse_place(text)
        if place is None:
            words = f"'after' is the id of an event, '{NOW}' or '{BEGINNING}'."
            raise InvalidMessageError("bad-request", words)
        return place

    async def _answer(self, webhook: Webhook, status: int = 200) -> web.Response:
        waiting = await self._webhooks.backlog(webhook)
        shown: views.Json = {
            "waiting": {"count": waiting.count, "more": waiting.more} if waiting else None,
        }
        return views.answer(self._line(webhook) | shown, status=status)

    def _line(self, webhook: Webhook) -> views.Json:
        key = webhook_key(self._gateway.identity.content_key, webhook.id)
        person = self._gateway.store.read.person(webhook.person)
        is_known = person is not None and person.id == webhook.person
        return {
            "id": webhook.id,
            "url": webhook.url,
            "types": list(webhook.types),
            "person": {"id": webhook.person, "name": person.name if person and is_known else None},
            "created_at": views.instant(webhook.created_at),
            "place": webhook.place.text if webhook.place else None,
            "told_at": views.instant(webhook.told_at),
            "paused": {
                "code": webhook.paused.value,
                "why": PAUSED_BECAUSE[webhook.paused],
                "at": views.instant(webhook.paused_at),
            }
            if webhook.paused
            else None,
            "failures": webhook.failures,
            "failed": {
                "at": views.instant(webhook.failed_at),
                "code": webhook.failed_code,
                "detail": webhook.failed_detail,
            }
            if webhook.failed_at is not None
            else None,
            "key": {"keyid": key.kid, "public": encode_octets(key.public), "pem": public_pem(key.public)},
        }


async def _members(http_request: web.Request) -> Members:
    try:
        body = await whole_body(http_request)
        return Members(strict_json.decode(body or b"{}", _BODY_BYTES_MAX), "webhook")
    except MalformedError as error:
        raise InvalidMessageError("bad-request", error.detail) from error
