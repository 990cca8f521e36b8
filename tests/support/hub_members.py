"""A member of a real hub process: calls it over TLS with the keys of an authority's folder, as its gateway would."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from emla.bootstrap.own import gateway_keys, identity_of, own_authority
from emla.bootstrap.system import SystemClock, system_entropy
from emla.flow.gateway import Directory, Gateway, Identity
from emla.formats import mailbox as form
from emla.formats.acknowledgement import decode as decode_acknowledgement
from emla.formats.acknowledgement import decode_bundle, decode_signed
from emla.model.acknowledgement import Acknowledgement
from emla.model.call import Call
from emla.model.documents import Authority
from emla.model.mailbox import Listing, Release
from emla.model.settings import PeerSettings, Settings
from emla.transport.https import HttpsTransport, client_context
from tests.support.servers import Server


@dataclass(frozen=True, slots=True)
class Member:
    """An authority that calls a hub."""

    identity: Identity
    hub: Authority
    transport: HttpsTransport
    session: aiohttp.ClientSession
    context: ssl.SSLContext
    gateway: Gateway

    async def call(
        self, method: str, target: str, body: bytes | None = None, start: int | None = None
    ) -> tuple[int, bytes]:
        """Make a signed call; status and body."""
        path, _, query = target.partition("?")
        call = Call(
            method=method,
            path=path,
            query=query,
            sender=self.identity.id,
            recipient=self.hub.id,
            body=body,
        )
        headers = await self.gateway.sign_call(call)
        if start is not None:
            headers["Range"] = f"bytes={start}-"
        url = self.hub.card.endpoints[0].url.rstrip("/") + target
        async with self.session.request(method, url, data=body, headers=headers, ssl=self.context) as answer:
            return answer.status, await answer.read()

    async def items(self, after: int = 0, wait: int = 0) -> tuple[Listing, ...]:
        """What our mailbox holds."""
        status, body = await self.call("GET", f"/emla/1/mailbox?after={after}&wait={wait}")
        assert status == 200, body
        return form.decode_list(body)

    async def collect(self, item: int) -> bytes:
        """The body of an item."""
        status, body = await self.call("GET", f"/emla/1/mailbox/{item}")
        assert status == 200, body
        return body

    async def release(self, *releases: Release) -> tuple[str, ...]:
        """Let items go; the outcomes."""
        status, body = await self.call("POST", "/emla/1/mailbox/release", form.encode_releases(releases))
        assert status == 200, body
        return form.decode_outcomes(body, len(releases))

    async def hand_on(self, recipient: Server, pid: bytes, body: bytes) -> bytes:
        """Give what was collected to the gateway it is for; the bundle of its answer."""
        end = 4 + int.from_bytes(body[:4], "big")
        with tempfile.NamedTemporaryFile() as file:
            await asyncio.to_thread(file.write, body[end:])
            file.flush()
            answer = await self.transport.send_package(
                own_authority(recipient.data), pid, body[4:end], Path(file.name), len(body) - end
            )
        assert isinstance(answer, bytes), answer
        return answer

    async def deposit(self, pid: bytes, signed: bytes, payload: bytes | Path, size: int) -> bytes:
        """Give a package to the hub; the bundle of its answer."""
        answer = await self.transport.send_package(self.hub, pid, signed, payload, size)
        assert isinstance(answer, bytes), answer
        return answer


@asynccontextmanager
async def member_of(hub: Server, member: Server) -> AsyncIterator[Member]:
    """The authority of one server's folder, calling the hub of another."""
    authority = own_authority(member.data)
    identity = identity_of(authority, gateway_keys(member.data), int(SystemClock().now()))
    settings = PeerSettings(allow_loopback_endpoints=True)
    transport = HttpsTransport(settings)
    gateway = Gateway(
        identity=identity,
        directory=Directory(),
        store=None,  # type: ignore[arg-type]  # a member that only calls stores nothing
        blobs=None,  # type: ignore[arg-type]
        clock=SystemClock(),
        entropy=system_entropy,
        settings=Settings(data=member.data, peer=settings),
    )
    async with aiohttp.ClientSession() as session:
        try:
            yield Member(identity, own_authority(hub.data), transport, session, client_context(), gateway)
        finally:
            await transport.close()


def said(bundle: bytes) -> Acknowledgement:
    """What a bundle says."""
    return decode_acknowledgement(decode_signed(decode_bundle(bundle).signed).payload)
