"""A hub inside the test: real store on a folder, real blobs, real journeys, its API over HTTP; the clock belongs to the test.

Its members call it the way gateways do: deposits as they are, mailboxes with signed calls.
"""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from emla.bootstrap.channels import hub_ledger
from emla.flow.documents.peers import PingPeer
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.hub.compare import CompareDeposits
from emla.flow.hub.deposit import Deposits
from emla.flow.hub.figures import HubFigures
from emla.flow.hub.mailbox import Mailbox, Waiting
from emla.flow.hub.sweep import HubSweep
from emla.formats import http_signature as signature_form
from emla.formats import mailbox as form
from emla.formats.acknowledgement import encode_bundle
from emla.formats.export import encode_export
from emla.model.acknowledgement import Event
from emla.model.call import Call, CallSignature
from emla.model.mailbox import Listing, Release
from emla.model.settings import HubSettings
from emla.model.signed import Signer
from emla.transport.https import HttpsTransport
from emla.web.connections import Connections
from emla.web.guard import Guard
from emla.web.hub_api import HubApi
from emla.web.hub_channel_api import HubChannelApi
from tests.support.acknowledging import issue
from tests.support.authorities import Package, Party
from tests.support.gateways import Home, TurnedClock, opened
from tests.support.scripted_transport import ScriptedTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, read to its end."""

    status: int
    media: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The code of a problem."""
        return str(json_of(self.body).get("code"))


def json_of(body: bytes) -> dict[str, object]:
    """A JSON object."""
    found = json.loads(body)
    assert isinstance(found, dict)
    return found


@dataclass
class Hub:
    """A running hub."""

    home: Home
    deposits: Deposits
    sweep: HubSweep
    waiting: Waiting
    api: HubApi
    figures: HubFigures
    client: "TestClient[Request, Application]"

    @property
    def id(self) -> str:
        return self.home.party.id

    async def send(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Make a call as it is."""
        answer: ClientResponse = await self.client.request(
            method, target, data=body, headers=headers, allow_redirects=False
        )
        async with answer:
            return Answered(
                status=answer.status,
                media=answer.content_type,
                body=await answer.read(),
                headers=dict(answer.headers),
            )

    async def put_package(self, package: Package) -> Answered:
        """Deposit a package."""
        body = len(package.signed).to_bytes(4, "big") + package.signed + package.payload
        return await self.send("PUT", f"/emla/1/packages/{package.pid.hex()}", body)

    async def put_documents(self, whose: Party, owner: str) -> Answered:
        """Deposit documents for a member."""
        body = encode_export(whose.authority.documents)
        return await self.send("PUT", f"/emla/1/documents/{whose.id}?to={owner}", body)

    def signed(
        self,
        who: Party,
        method: str,
        target: str,
        body: bytes | None = None,
        *,
        to: str | None = None,
        signer: Signer | None = None,
    ) -> dict[str, str]:
        """The header fields of a signed call, good now."""
        path, _, query = target.partition("?")
        call = Call(method=method, path=path, query=query, sender=who.id, recipient=to or self.id, body=body)
        now, key = int(self.home.clock.now()), signer or who.sign
        signature = CallSignature(created=now, expires=now + 120, nonce=os.urandom(16), kid=key.kid)
        return signature_form.encode_fields(
            call, signature, key.sign(signature_form.call_base(call, signature))
        )

    async def call(self, who: Party, method: str, target: str, body: bytes | None = None) -> Answered:
        """Make a signed call."""
        return await self.send(method, target, body, self.signed(who, method, target, body))

    async def list_of(self, who: Party, after: int = 0, wait: int = 0) -> tuple[Listing, ...]:
        """What a mailbox holds."""
        answer = await self.call(who, "GET", f"/emla/1/mailbox?after={after}&wait={wait}")
        assert answer.status == 200, answer
        return form.decode_list(answer.body)

    async def release(self, who: Party, *releases: Release) -> tuple[str, ...]:
        """Let items go; the outcomes."""
        body = form.encode_releases(releases)
        answer = await self.call(who, "POST", "/emla/1/mailbox/release", body)
        assert answer.status == 200, answer
        return form.decode_outcomes(answer.body, len(releases))


def acceptance(owner: Party, package: Package, event: Event = Event.RELAY_ACCEPTANCE) -> bytes:
    """The owner's own word about a package."""
    return encode_bundle(
        issue(owner, package, event, reason="bad-suite" if event is Event.RELAY_REJECTION else None)
    )


@asynccontextmanager
async def hub_at(
    data: Path,
    party: Party,
    *members: Party,
    limits: HubSettings | None = None,
    clock: TurnedClock | None = None,
    floor_bytes: int = 0,
) -> AsyncIterator[Hub]:
    """A hub on a folder; opened again on the same folder it finds what was there."""
    async with opened(data, party, *members, clock=clock, floor_bytes=floor_bytes) as home:
        gateway = home.gateway
        gateway.settings = replace(gateway.settings, hub=limits or HubSettings())

        async def no_news(_: str) -> None:
            """Nobody waits for it."""

        ping = PingPeer(gateway, ScriptedTransport({}))
        take = TakeDocuments(gateway, no_news)
        waiting, figures = Waiting(), HubFigures()
        guard = Guard(Connections(gateway.settings.limits), lambda: 0)
        ledger = hub_ledger(gateway, HttpsTransport(gateway.settings.peer))
        deposits = Deposits(gateway, take, waiting.tell, guard.contact, figures)
        mailbox = Mailbox(gateway, deposits, waiting, figures)
        api = HubApi(
            gateway,
            deposits=deposits,
            mailbox=mailbox,
            waiting=waiting,
            ping=ping,
            take=take,
            compare=HubChannelApi(
                gateway, CompareDeposits(gateway, deposits, guard.contact), ledger.channels, guard
            ),
            guard=guard,
        )
        sweep = HubSweep(gateway, deposits, figures)
        async with TestClient(TestServer(api.application())) as client:
            yield Hub(home, deposits, sweep, waiting, api, figures, client)
