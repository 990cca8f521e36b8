"""The part of the authority API about our ledger: whether it is open, and what others hold of it. Thin."""

from aiohttp import web

from emla.flow.channel.ledger_watch import LedgerWatch
from emla.flow.channel.own_status import card_known
from emla.flow.gateway import Gateway
from emla.ledger.checkpoint import decode as decode_checkpoint
from emla.model.errors import InvalidMessageError
from emla.web import views
from emla.web.bodies import json_body


class LedgerApi:
    """The handlers, around what they ask."""

    def __init__(self, gateway: Gateway, watch: LedgerWatch) -> None:
        self._gateway = gateway
        self._watch = watch

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the authority API's application."""
        router.add_get("/v1/ledger", self.get_ledger)
        router.add_post("/v1/ledger/gone", self.post_gone)

    async def get_ledger(self, http_request: web.Request) -> web.Response:
        """GET /v1/ledger: how our ledger stands, and what others have shown of it."""
        return self._answer()

    async def post_gone(self, http_request: web.Request) -> web.Response:
        """POST /v1/ledger/gone: people say that a peer cannot be asked any more."""
        peer = (await json_body(http_request)).get("authority")
        if not isinstance(peer, str):
            raise InvalidMessageError("bad-request", "'authority' is the peer's id.")
        await self._watch.gone(peer)
        return self._answer()

    def _answer(self) -> web.Response:
        read, own = self._gateway.store.read, self._gateway.identity.authority
        newest, closed = read.newest_checkpoint(), read.closed()
        return views.answer(
            {
                "origin": own.card.ledger_origin,
                "epoch": own.card.epoch,
                "size": decode_checkpoint(newest).checkpoint.size if newest else 0,
                "closed": None
                if closed is None
                else {"code": closed.code, "since": views.instant(closed.since), "peer": closed.peer},
                "known": [{"origin": row.origin, "size": row.size} for row in read.seen(own.id)],
                "asked": [
                    {"authority": row.authority, "at": views.instant(row.at), "gone": row.gone}
                    for row in read.asked()
                ],
                "unanswered": self._watch.unanswered() if closed else [],
                "card_version_known": card_known(self._gateway),
                "keys_absent": [
                    {"use": key.use.value, "kid": key.kid}
                    for key in own.card.keys
                    if key.kid in self._gateway.identity.absent
                ],
            }
        )
