"""The authority API: what the authority's own people and systems may call (docs/reference/authority-api.md).

Served on the Unix socket of the data folder. Whom a call is for stands in `web.rights`, whose a case is in `flow.people.sight`.
Thin: read, hand on, answer.
"""

import re
from itertools import islice

from aiohttp import web

from emla import __version__
from emla.flow.gateway import Gateway
from emla.flow.line.hand_over import Content, HandOver
from emla.flow.line.quarantine import Quarantine
from emla.flow.line.relay import Relay
from emla.flow.line.submission import Submitted
from emla.flow.line.submit import Submit
from emla.flow.news import News
from emla.flow.people.sight import Sight
from emla.flow.repeats import Repeats
from emla.model.errors import InvalidMessageError, NotFoundError, TransportError
from emla.model.leg import DUE, LegKind
from emla.model.limits import WIRE
from emla.model.person import Caller
from emla.ports.listings import Listed, Listings
from emla.web import holding_views, scan_views, views
from emla.web.backups_api import BackupsApi
from emla.web.cases_api import CasesApi
from emla.web.contract_api import ContractApi
from emla.web.drafts_api import DraftsApi
from emla.web.erasure_views import add_package
from emla.web.events_api import EventsApi
from emla.web.keys_api import KeysApi
from emla.web.ledger_api import LedgerApi
from emla.web.legs_api import LegsApi
from emla.web.peers_api import PeersApi
from emla.web.people_api import PeopleApi
from emla.web.problems import problem_middleware
from emla.web.profile_api import ProfileApi
from emla.web.quarantine_api import QuarantineApi
from emla.web.queries import integer, limit, seconds
from emla.web.repeated import Repeated
from emla.web.rights import Rights, caller_of, check_routes, sees_every_envelope
from emla.web.statistics_api import StatisticsApi
from emla.web.submissions import read_submission
from emla.web.webhooks_api import WebhooksApi

_ID_PREFIX = re.compile(r"[0-9a-f]{8,64}", re.ASCII)


class AuthorityApi:
    """The handlers, around the journeys they start."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        listings: Listings,
        submit: Submit,
        hand_over: HandOver,
        peers: PeersApi,
        relay: Relay,
        news: News,
        status: "views.StatusSource",
        keys: KeysApi,
        legs: LegsApi,
        quarantine: Quarantine,
        ledger: LedgerApi,
        backups: BackupsApi,
        profile: ProfileApi,
        cases: CasesApi,
        statistics: StatisticsApi,
        people: PeopleApi,
        drafts: DraftsApi,
        events: EventsApi,
        webhooks: WebhooksApi,
        rights: Rights,
        sight: Sight,
        waiting: QuarantineApi,
    ) -> None:
        self._gateway = gateway
        self._listings = listings
        self._submit = submit
        self._hand_over = hand_over
        self._peers = peers
        self._relay = relay
        self._news = news
        self._status = status
        self._keys = keys
        self._legs = legs
        self._quarantine = quarantine
        self._ledger = ledger
        self._backups = backups
        self._profile = profile
        self._cases = cases
        self._statistics = statistics
        self._people = people
        self._drafts = drafts
        self._events = events
        self._webhooks = webhooks
        self._rights = rights
        self._sight = sight
        self._waiting = waiting
        self.stopping = False

    def application(self) -> web.Application:
        """The application for the Unix socket."""
        application = web.Application(
            middlewares=[
                problem_middleware(lambda: self._gateway.entropy(8).hex(), to_peer=False),
                self._rights.middleware,
                Repeated(Repeats(self._gateway)).middleware,
            ],
            client_max_size=WIRE.documents_bytes,
        )
        application.router.add_get("/v1/status", self.get_status)
        application.router.add_post("/v1/messages", self.post_message)
        application.router.add_get("/v1/messages", self.get_messages)
        application.router.add_get("/v1/messages/{pid}", self.get_message)
        application.router.add_get("/v1/messages/{pid}/parts/{number}", self.get_part)
        application.router.add_post("/v1/messages/{pid}/release", self.post_release)
        self._peers.add_routes(application.router)
        self._legs.add_routes(application.router)
        self._keys.add_routes(application.router)
        self._ledger.add_routes(application.router)
        self._backups.add_routes(application.router)
        self._profile.add_routes(application.router)
        self._cases.add_routes(application.router)
        self._statistics.add_routes(application.router)
        self._people.add_routes(application.router)
        self._waiting.add_routes(application.router, self._resolve)
        self._drafts.add_routes(application.router)
        self._events.add_routes(application.router)
        self._webhooks.add_routes(application.router)
        ContractApi().add_routes(application.router)
        check_routes(application.router)
        return application

    # --- messages ---

    async def post_message(self, http_request: web.Request) -> web.Response:
        """POST /v1/messages: length, declaration, the bytes of every part."""
        if self.stopping:
            raise TransportError("stopping")
        submission = await read_submission(http_request)
        wait = seconds(http_request, "wait")
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
            if not waiting or body["state"] not in DUE or left <= 0:
                return body
            waiting = await self._news.wait(submitted.pid, left)

    async def get_messages(self, http_request: web.Request) -> web.Response:
        """GET /v1/messages: packages of both boxes, newest first."""
        box = http_request.query.get("box", "all")
        if box not in ("in", "out", "all"):
            raise InvalidMessageError("bad-request", "box is in, out or all.")
        caller, most = caller_of(http_request), limit(http_request)
        found = await self._listings.packages(
            incoming=box != "out",
            outgoing=box != "in",
            state=http_request.query.get("state"),
            unopened=http_request.query.get("quarantined") == "1",
            limit=most,
            person=None if sees_every_envelope(caller) else caller.id,
        )
        shown = (self._shown(each, caller) for each in found)
        return views.answer({"items": list(islice((each for each in shown if each), most))})

    def _shown(self, listed: Listed, caller: Caller) -> views.Json | None:
        """A package in a list as a caller may see it; None where it is not for the caller."""
        content = self._hand_over.content(listed.pid, listed.signed)
        read = self._gateway.store.read
        case_id = _case(content) or read.case_of(listed.pid)
        if not sees_every_envelope(caller) and not self._sight.sees(caller, case_id):
            return None
        body = views.summary(listed, content if caller.sees_content else None)
        add_package(body, read, listed.pid, case_id, in_words=caller.sees_content)
        return scan_views.add_scans(body, read.scans(listed.pid) if listed.incoming else {})

    async def get_message(self, http_request: web.Request) -> web.Response:
        """GET /v1/messages/{pid}: everything about one package; with `wait`, as soon as there is news."""
        pid, caller = await self._resolve(http_request), caller_of(http_request)
        wait = seconds(http_request, "wait")
        after = integer(http_request.query.get("after", "0"))
        read = self._gateway.store.read
        end = self._gateway.clock.steady() + wait
        while (
            wait
            and len(read.acknowledgements(pid)) <= after
            and (left := end - self._gateway.clock.steady()) > 0
        ):
            if not await self._news.wait(pid, left):
                break
        return views.answer(await self._message(pid, caller))

    async def _resolve(self, http_request: web.Request) -> bytes:
        prefix, caller = http_request.match_info["pid"], caller_of(http_request)
        if not _ID_PREFIX.fullmatch(prefix):
            raise NotFoundError("not-found", "An id has 8 to 64 hexadecimal digits.")
        if len(prefix) == 64:
            return await self._seen(bytes.fromhex(prefix), caller)
        found = await self._listings.resolve(prefix)
        if not sees_every_envelope(caller):
            # What is not for the caller must not be told from what is not there, not even by an ambiguous beginning.
            own = [each for each in found if self._sight.sees(caller, self._case_of(each))]
            found = own or found[:1]
        if len(found) > 1:
            raise NotFoundError("not-found", f"More than one package begins with {prefix}.")
        if not found:
            raise NotFoundError("not-found")
        return await self._seen(found[0], caller)

    async def _seen(self, pid: bytes, caller: Caller) -> bytes:
        """The id of a package that is for the caller."""
        if not sees_every_envelope(caller) and self._gateway.store.read.listed(pid) is not None:
            await self._sight.require(caller, self._case_of(pid), what="package", id_=pid.hex())
        return pid

    def _case_of(self, pid: bytes) -> bytes | None:
        listed = self._gateway.store.read.listed(pid)
        # Of what is erased the random id of its case is left.
        return (
            _case(self._hand_over.content(pid, listed.signed)) or self._gateway.store.read.case_of(pid)
            if listed
            else None
        )

    async def _message(self, pid: bytes, caller: Caller) -> views.Json:
        listed = self._gateway.store.read.listed(pid)
        if listed is None:
            raise NotFoundError("not-found")
        content = self._hand_over.content(pid, listed.signed) if caller.sees_content else None
        read = self._gateway.store.read
        own = None if listed.incoming else read.leg_of(LegKind.PACKAGE, pid)
        body = views.message(listed, content, read, self._legs.shown(own) if own else None)
        add_package(body, read, pid, self._case_of(pid), in_words=caller.sees_content)
        holding = await self._hand_over.holding(content) if content else None
        if content is not None and holding is not None:
            at, parts = self._hand_over.now(), content.manifest.parts
            body["holding"] = holding_views.holding(
                holding, self._gateway.identity.id, at, parts, on_hold=body["hold"] is not None
            )
        return scan_views.add_scans(body, read.scans(pid) if listed.incoming else {})

    async def post_release(self, http_request: web.Request) -> web.Response:
        """POST /v1/messages/{pid}/release: have a package that could not be opened opened once more."""
        pid = await self._resolve(http_request)
        await self._quarantine.release(pid)
        return views.answer(await self._message(pid, caller_of(http_request)))

    async def get_part(self, http_request: web.Request) -> web.StreamResponse:
        """GET /v1/messages/{pid}/parts/{n}: the part's bytes; the hand-over is recorded before the first of them."""
        pid = await self._resolve(http_request)
        number = integer(http_request.match_info["number"])
        content, pieces = await self._hand_over.part(pid, number, caller_of(http_request))
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

    # --- status ---

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
                "hubs": self._status.hubs,
                "opener": self._status.opener,
                "clerk": self._status.clerk,
                "scanner": self._waiting.kind,
            }
        )


def _case(content: Content | None) -> bytes | None:
    return content.manifest.conversation if content else None
