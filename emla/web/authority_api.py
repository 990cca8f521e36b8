"""The authority API: what the authority's own people and systems may call (docs/reference/authority-api.md).

Served on the Unix socket of the data folder; whoever may open that socket is the authority. Thin: read, hand on, answer.
"""

import re

from aiohttp import web

from emla import __version__
from emla.flow.gateway import Gateway, Peer
from emla.flow.hand_over import HandOver
from emla.flow.news import News
from emla.flow.peers import ForgetPeer, ImportPeer, PingPeer
from emla.flow.relay import Relay
from emla.flow.submit import Submission, Submit, Submitted
from emla.formats import strict_json
from emla.formats.export import encode_export
from emla.formats.patterns import AUTHORITY, MEDIA_TYPE
from emla.formats.strict_json import Members
from emla.model.errors import InvalidMessageError, MalformedError, NotFoundError, TransportError
from emla.model.leg import LegState
from emla.model.limits import WIRE
from emla.model.package import DeclaredPart, PartRole, Priority
from emla.ports.listings import Listed, Listings
from emla.ports.store import Transaction
from emla.web import key_views, views
from emla.web.bodies import BodySource
from emla.web.keys_api import KeysApi
from emla.web.peer_api import DOCUMENTS_MEDIA
from emla.web.problems import problem_middleware

_ID_PREFIX = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_WAIT_SECONDS_MAX = 60.0
_DECLARATION_BYTES_MAX = 1024 * 1024
_LIMIT_MAX = 1000
CONSUMER = "central_officer"
"""Who is handed content over this socket; roles of single persons come with the portal."""


class AuthorityApi:
    """The handlers, around the journeys they start."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        listings: Listings,
        submit: Submit,
        hand_over: HandOver,
        import_peer: ImportPeer,
        ping: PingPeer,
        relay: Relay,
        news: News,
        status: "views.StatusSource",
        keys: KeysApi,
        forget: ForgetPeer,
    ) -> None:
        self._gateway = gateway
        self._listings = listings
        self._submit = submit
        self._hand_over = hand_over
        self._import_peer = import_peer
        self._ping = ping
        self._relay = relay
        self._news = news
        self._status = status
        self._keys = keys
        self._forget = forget
        self.stopping = False

    def application(self) -> web.Application:
        """The application for the Unix socket."""
        application = web.Application(
            middlewares=[problem_middleware(lambda: self._gateway.entropy(8).hex(), to_peer=False)],
            client_max_size=WIRE.documents_bytes,
        )
        application.router.add_get("/v1/status", self.get_status)
        application.router.add_post("/v1/messages", self.post_message)
        application.router.add_get("/v1/messages", self.get_messages)
        application.router.add_get("/v1/messages/{pid}", self.get_message)
        application.router.add_get("/v1/messages/{pid}/parts/{number}", self.get_part)
        application.router.add_get("/v1/documents", self.get_documents)
        application.router.add_get("/v1/peers", self.get_peers)
        application.router.add_post("/v1/peers", self.post_peer)
        application.router.add_get("/v1/peers/{authority}", self.get_peer)
        application.router.add_delete("/v1/peers/{authority}", self.delete_peer)
        application.router.add_post("/v1/peers/{authority}/ping", self.post_ping)
        application.router.add_get("/v1/legs", self.get_legs)
        application.router.add_post("/v1/legs/{id}/retry", self.post_retry)
        self._keys.add_routes(application.router)
        return application

    # --- messages ---

    async def post_message(self, http_request: web.Request) -> web.Response:
        """POST /v1/messages: length, declaration, the bytes of every part."""
        if self.stopping:
            raise TransportError("stopping")
        short = InvalidMessageError("bad-request", "The body ended before its length.")
        source = BodySource(http_request.content, http_request.content_length or 0, short)
        if source.size < 4:
            raise short
        length = int.from_bytes(await source.read_exactly(4), "big")
        if not 0 < length <= min(_DECLARATION_BYTES_MAX, source.size):
            raise InvalidMessageError("bad-request", "The declaration has no acceptable length.")
        submission = _submission(await source.read_exactly(length), source)
        wait = _seconds(http_request, "wait")
        with self._gateway.under_way.one():
            submitted = await self._submit(submission)
        body = await self._as_it_stands(submitted, wait)
        return views.answer(body, status=200 if submitted.repeated else 201)

    async def _as_it_stands(self, submitted: Submitted, wait_seconds: float) -> views.Json:
        """What a submitter is told: at once, or as soon as the package is no longer READY."""
        end = self._gateway.clock.steady() + wait_seconds
        # What has only just become durable has no answer yet: nothing ran in between.
        waiting = wait_seconds > 0 and (
            submitted.repeated or await self._news.wait(submitted.pid, wait_seconds)
        )
        while True:
            body = views.submitted(submitted.pid, self._gateway.store.read)
            left = end - self._gateway.clock.steady()
            if not waiting or body["state"] != LegState.READY.value or left <= 0:
                return body
            waiting = await self._news.wait(submitted.pid, left)

    async def get_messages(self, http_request: web.Request) -> web.Response:
        """GET /v1/messages: packages of both boxes, newest first."""
        box = http_request.query.get("box", "all")
        if box not in ("in", "out", "all"):
            raise InvalidMessageError("bad-request", "box is in, out or all.")
        found = await self._listings.packages(
            incoming=box != "out",
            outgoing=box != "in",
            state=http_request.query.get("state"),
            limit=_limit(http_request),
        )
        return views.answer({"items": [self._summary(each) for each in found]})

    def _summary(self, listed: Listed) -> views.Json:
        return views.summary(listed, self._hand_over.content(listed.pid, listed.signed))

    async def get_message(self, http_request: web.Request) -> web.Response:
        """GET /v1/messages/{pid}: everything about one package; with `wait`, as soon as there is news."""
        pid = await self._resolve(http_request)
        wait = _seconds(http_request, "wait")
        after = _integer(http_request.query.get("after", "0"))
        read = self._gateway.store.read
        end = self._gateway.clock.steady() + wait
        while (
            wait
            and len(read.acknowledgements(pid)) <= after
            and (left := end - self._gateway.clock.steady()) > 0
        ):
            if not await self._news.wait(pid, left):
                break
        return views.answer(self._message(pid))

    async def _resolve(self, http_request: web.Request) -> bytes:
        prefix = http_request.match_info["pid"]
        if not _ID_PREFIX.fullmatch(prefix):
            raise NotFoundError("not-found", "An id has 8 to 64 hexadecimal digits.")
        if len(prefix) == 64:
            return bytes.fromhex(prefix)
        found = await self._listings.resolve(prefix)
        if len(found) > 1:
            raise NotFoundError("not-found", f"More than one package begins with {prefix}.")
        if not found:
            raise NotFoundError("not-found", f"No package begins with {prefix}.")
        return found[0]

    def _message(self, pid: bytes) -> views.Json:
        listed = self._gateway.store.read.listed(pid)
        if listed is None:
            raise NotFoundError("not-found", "No such package.")
        content = self._hand_over.content(pid, listed.signed)
        return views.message(listed, content, self._gateway.store.read)

    async def get_part(self, http_request: web.Request) -> web.StreamResponse:
        """GET /v1/messages/{pid}/parts/{n}: the part's bytes; the hand-over is recorded before the first of them."""
        pid = await self._resolve(http_request)
        number = _integer(http_request.match_info["number"])
        content, pieces = await self._hand_over.part(pid, number, CONSUMER)
        part = content.manifest.parts[number]
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Length": str(part.size),
                "X-Emla-Sha256": part.sha256.hex(),
                "X-Content-Type-Options": "nosniff",
            }
        )
        await response.prepare(http_request)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
        return response

    # --- documents and peers ---

    async def get_status(self, http_request: web.Request) -> web.Response:
        """GET /v1/status."""
        counts = await self._listings.leg_counts()
        identity = self._gateway.identity
        return views.answer(
            {
                "authority": identity.id,
                "epoch": identity.authority.card.epoch,
                "version": __version__,
                "software": f"emla/{__version__}",
                "ready": self._status.ready and not self.stopping,
                "peers": len(self._gateway.directory.peers),
                "legs": counts,
                "ledger": {"size": self._status.ledger_size, "origin": identity.authority.card.ledger_origin},
                "batch_wait_milliseconds_longest": self._status.longest_wait_milliseconds,
                "commits": self._status.commits,
                "fsyncs": self._status.fsyncs,
                "opener": self._status.opener,
                "clerk": self._status.clerk,
            }
        )

    async def get_documents(self, http_request: web.Request) -> web.Response:
        """GET /v1/documents: our own export file."""
        body = encode_export(self._gateway.identity.authority.documents)
        return web.Response(body=body, content_type=DOCUMENTS_MEDIA)

    async def get_peers(self, http_request: web.Request) -> web.Response:
        """GET /v1/peers."""
        waiting = await self._listings.waiting()
        peers = sorted(self._gateway.directory.peers.values(), key=lambda peer: peer.authority.id)
        return views.answer({"items": [self._shown(each, waiting.get(each.authority.id)) for each in peers]})

    def _shown(self, peer: Peer, waiting: tuple[int, float] | None) -> views.Json:
        ping = self._gateway.store.read.ping(peer.authority.id)
        return views.peer(peer, waiting) | key_views.standing(peer, ping, self._gateway.now())

    def _peer(self, http_request: web.Request) -> Peer:
        peer = self._gateway.directory.peers.get(http_request.match_info["authority"])
        if peer is None:
            raise NotFoundError("not-found", "No such peer is pinned here.")
        return peer

    async def get_peer(self, http_request: web.Request) -> web.Response:
        """GET /v1/peers/{authority}."""
        peer = self._peer(http_request)
        waiting = await self._listings.waiting()
        whole = views.peer_in_full(peer, self._gateway.now())
        return views.answer(self._shown(peer, waiting.get(peer.authority.id)) | whole)

    async def delete_peer(self, http_request: web.Request) -> web.Response:
        """DELETE /v1/peers/{authority}?force=1: forget a peer."""
        authority = self._peer(http_request).authority.id
        await self._forget(authority, force=http_request.query.get("force") == "1")
        return web.Response(status=204)

    async def post_peer(self, http_request: web.Request) -> web.Response:
        """POST /v1/peers?fingerprint=: pin a peer whose fingerprint was compared by telephone."""
        exported = await http_request.read()
        peer, changed = await self._import_peer(exported, http_request.query.get("fingerprint", ""))
        self._relay.contact(peer.authority.id)
        return views.answer(self._shown(peer, None), status=201 if changed else 200)

    async def post_ping(self, http_request: web.Request) -> web.Response:
        """POST /v1/peers/{authority}/ping."""
        peer = self._peer(http_request)
        result = await self._ping.ping(peer.authority)
        self._relay.contact(peer.authority.id)
        return views.answer(
            {
                "authority": peer.authority.id,
                "latency_milliseconds": round(result.latency_seconds * 1000, 1),
                "clock_difference_seconds": result.clock_difference_seconds,
                "software": result.software,
                "card_version_known": result.card_version_known,
                "card_version_theirs": result.card_version_theirs,
            }
        )

    # --- legs ---

    async def get_legs(self, http_request: web.Request) -> web.Response:
        """GET /v1/legs."""
        state = http_request.query.get("state")
        if state is not None and state not in LegState.__members__:
            raise InvalidMessageError("bad-request", f"state is one of {', '.join(LegState)}.")
        legs = await self._listings.legs(state=state, limit=_limit(http_request))
        return views.answer({"items": [views.leg(each) for each in legs]})

    async def post_retry(self, http_request: web.Request) -> web.Response:
        """POST /v1/legs/{id}/retry: try a waiting leg at once."""
        leg_id = _integer(http_request.match_info["id"])
        leg = self._gateway.store.read.leg(leg_id)
        if leg is None:
            raise NotFoundError("not-found", "No such leg.")
        if leg.state is LegState.READY:
            now = self._gateway.clock.now()

            def operation(transaction: Transaction) -> None:
                transaction.delay_leg(leg.id, leg.attempts, now, leg.last_code or "")

            await self._gateway.store.write(operation)
            self._relay.retry(leg.peer)
        again = self._gateway.store.read.leg(leg_id)
        return views.answer(views.leg(again or leg))


def _submission(declaration: bytes, source: BodySource) -> Submission:
    try:
        members = Members(strict_json.decode(declaration, _DECLARATION_BYTES_MAX), "submission")
        parts = tuple(_declared(each) for each in members.objects("parts", WIRE.parts))
        priority = Priority(members.text("prio")) if members.has("prio") else None
        days = members.integer("expires_in_days", 1, 90) if members.has("expires_in_days") else None
        recipient = members.text("recipient", AUTHORITY, 160) if members.has("recipient") else None
        members.finish()
    except (MalformedError, ValueError) as error:
        raise InvalidMessageError("bad-request", getattr(error, "detail", str(error))) from error
    if sum(part.size for part in parts) != source.size:
        raise InvalidMessageError("bad-request", "The body is not as long as its parts together.")
    return Submission(
        parts=parts, source=source, recipient=recipient, priority=priority, expires_in_days=days
    )


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


def _integer(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidMessageError("bad-request", f"'{text[:20]}' is not a whole number.")
    return int(text)


def _limit(http_request: web.Request) -> int:
    return min(_LIMIT_MAX, _integer(http_request.query.get("limit", "100")))


def _seconds(http_request: web.Request, name: str) -> float:
    return min(_WAIT_SECONDS_MAX, float(_integer(http_request.query.get(name, "0"))))
