"""The line to a hub: signed calls, lists that do not go in circles, and bodies that are read on where the line broke."""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from emla.bootstrap.initialise import About, initialise
from emla.formats import http_signature
from emla.formats import mailbox as form
from emla.keyring.tls import check_tls
from emla.model.access import LedgerPlace
from emla.model.call import Call, CallSignature
from emla.model.documents import Authority
from emla.model.errors import InvalidPackageError, TransportError
from emla.model.mailbox import ItemKind, Listing, Release
from emla.model.settings import PeerSettings
from emla.ports.transport import Refusal
from emla.steps.verify_call import verify_call
from emla.transport.accesses import HttpsAccessLine
from emla.transport.https import HttpsTransport
from emla.transport.hub import HttpsHubLine
from tests.support.authorities import NOW, party
from tests.support.ports import free_port

AT = party("at.moj")
MAILBOX = "application/vnd.emla.mailbox+json"
ITEM = Listing(item=7, kind=ItemKind.PACKAGE, ref=bytes(32), size=300_000, at=NOW, expires=NOW + 9)
BODY = bytes(range(250)) * 1200
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def sign(call: Call) -> dict[str, str]:
    signature = CallSignature(created=NOW, expires=NOW + 120, nonce=bytes(16), kid=AT.sign.kid)
    return http_signature.encode_fields(
        call, signature, AT.sign.sign(http_signature.call_base(call, signature))
    )


@dataclass
class Hub:
    """A server that does what a test tells it."""

    authority: Authority
    transport: HttpsTransport
    line: HttpsHubLine
    handler: Handler | None = None
    heads: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read() if request.body_exists else None
        self.heads.append((request.method, request.raw_path, dict(request.headers)))
        if "Emla-From" in request.headers:
            path, _, query = request.raw_path.partition("?")
            fields = {name.lower(): [value] for name, value in request.headers.items()}
            caller = verify_call(
                request.method,
                path,
                query,
                fields,
                body,
                here=self.authority.id,
                find_sender={AT.id: AT.authority}.get,
                now=NOW + 1,
                seen_nonce=lambda _, __: False,
            )
            self.verified.append(caller.id)
        assert self.handler is not None
        return await self.handler(request)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with served(tmp_path, "") as found:
        yield found


@asynccontextmanager
async def served(folder: Path, front: str) -> AsyncIterator[Hub]:
    port = free_port()
    made = initialise(
        folder / "eu.hub",
        About(
            authority="eu.hub",
            names=(("en", "A hub"),),
            endpoint_url=f"https://127.0.0.1:{port}{front}",
            country="EU",
            contacts=(("email", "desk@example.org"),),
            languages=("en",),
            time_zone="UTC",
            office_hours="09:00-17:00",
        ),
        now=int(time.time()),
    )
    files = check_tls(folder / "eu.hub" / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    transport = HttpsTransport(PeerSettings(allow_loopback_endpoints=True))
    hub = Hub(made.authority, transport, HttpsHubLine(transport, AT.id, sign))
    application = web.Application(client_max_size=8 * 1024**2)
    application.router.add_route("*", "/{tail:.*}", hub.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield hub
    finally:
        await transport.close()
        await runner.cleanup()


def saying(body: bytes, media: str = MAILBOX, status: int = 200) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=media, status=status)

    return handler


async def test_a_list_is_asked_for_with_a_signed_call(hub: Hub) -> None:
    hub.handler = saying(form.encode_list([ITEM]))
    assert await hub.line.items(hub.authority, 3, 20) == (ITEM,)
    assert hub.heads[0][:2] == ("GET", "/emla/1/mailbox?after=3&wait=20")
    assert hub.verified == [AT.id]


async def test_the_signature_covers_the_path_of_the_endpoint_too(tmp_path: Path) -> None:
    async with served(tmp_path, "/behind/a/path") as hub:
        hub.handler = saying(form.encode_list([]))
        assert await hub.line.items(hub.authority, 0, 1) == ()
        assert hub.heads[0][1] == "/behind/a/path/emla/1/mailbox?after=0&wait=1"
        assert hub.verified == [AT.id]


@pytest.mark.parametrize("after", [7, 8])
async def test_a_list_that_would_lead_in_circles_is_the_hubs_nonsense(hub: Hub, after: int) -> None:
    hub.handler = saying(form.encode_list([ITEM]))
    with pytest.raises(TransportError) as caught:
        await hub.line.items(hub.authority, after, 1)
    assert caught.value.code == "peer-nonsense"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"v":1}', b'{"v":2,"items":[]}', b"x" * 100_000])
async def test_what_is_no_list_is_the_hubs_nonsense(hub: Hub, body: bytes) -> None:
    hub.handler = saying(body)
    with pytest.raises(TransportError) as caught:
        await hub.line.items(hub.authority, 0, 1)
    assert caught.value.code == "peer-nonsense"


async def test_a_problem_is_a_refusal(hub: Hub) -> None:
    hub.handler = saying(b'{"code": "unknown-sender"}', "application/problem+json", 403)
    assert await hub.line.items(hub.authority, 0, 1) == Refusal(code="unknown-sender")
    assert await hub.line.release(hub.authority, [Release(item=1)]) == Refusal(code="unknown-sender")
    refusal = await hub.line.deposit_documents(hub.authority, AT.id, b"{}", owner="de.bfj")
    assert refusal == Refusal(code="unknown-sender")
    with pytest.raises(TransportError, match="unknown-sender"):
        async with hub.line.fetch(hub.authority, ITEM):
            pass


async def test_a_media_type_that_cannot_be_read_is_a_refusal(hub: Hub) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"{}", headers={"Content-Type": "a/b;x*"})

    hub.handler = handler
    refusal = Refusal(code="http-200")
    assert await hub.line.items(hub.authority, 0, 1) == refusal
    assert await hub.line.release(hub.authority, [Release(item=1)]) == refusal
    assert await hub.line.deposit_documents(hub.authority, AT.id, b"{}", owner="de.bfj") == refusal
    assert await hub.line.deposit_package(hub.authority, bytes(32), b"signed", b"payload", 7) == refusal
    assert (
        await HttpsAccessLine(hub.transport, AT.id, sign).ask_accesses(
            hub.authority, bytes(16), LedgerPlace(epoch=1, index=0)
        )
        == refusal
    )


async def test_releases_are_signed_with_their_proofs(hub: Hub) -> None:
    releases = [Release(item=1, proof=b"a bundle"), Release(item=2)]

    async def handler(request: web.Request) -> web.StreamResponse:
        assert form.decode_releases(await request.read()) == tuple(releases)
        body = form.encode_outcomes(["ok", "not-found"])
        return web.Response(body=body, content_type="application/vnd.emla.mailbox-outcomes+json")

    hub.handler = handler
    assert await hub.line.release(hub.authority, releases) == ("ok", "not-found")
    assert hub.verified == [AT.id]


async def test_documents_are_left_for_an_owner(hub: Hub) -> None:
    hub.handler = saying(b"", status=204)
    assert await hub.line.deposit_documents(hub.authority, AT.id, b"{}", owner="de.bfj") is None
    assert hub.heads[0][:2] == ("PUT", "/emla/1/documents/at.moj?to=de.bfj")


# --- bodies ---


def cutting(places: list[int], *, whole: int = len(BODY), lie: int = 0) -> Handler:
    """Hands out the body from where it is asked, and breaks the line at these places in turn."""

    async def handler(request: web.Request) -> web.StreamResponse:
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        response = web.StreamResponse(status=206 if found else 200)
        response.content_length = whole - start
        if found:
            response.headers["Content-Range"] = f"bytes {start + lie}-{whole - 1}/{whole}"
        await response.prepare(request)
        end = places.pop(0) if places else whole
        await response.write(BODY[start:end])
        if end < whole:
            assert request.transport is not None
            await asyncio.sleep(0.05)  # what was written goes out before the line breaks
            request.transport.abort()
        return response

    return handler


async def read(hub: Hub) -> bytes:
    async with hub.line.fetch(hub.authority, ITEM) as source:
        assert source.size == len(BODY)
        first = await source.read_exactly(1000)
        rest = await source.read_exactly(source.size)
        assert source.size == 0
        return first + rest


async def test_a_body_is_read_on_where_the_line_broke(hub: Hub) -> None:
    hub.handler = cutting([120_000, 200_000])
    assert await read(hub) == BODY
    starts = [head[2].get("Range") for head in hub.heads]
    assert starts[0] is None
    assert len(starts) == 3
    assert hub.verified == [AT.id] * 3


async def test_a_line_that_never_gets_on_ends_it(hub: Hub) -> None:
    hub.handler = cutting([120_000, 120_000, 120_000])
    with pytest.raises(TransportError):
        await read(hub)
    assert len(hub.heads) == 2


async def test_a_line_that_gets_on_by_a_byte_each_time_ends_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each exchange keeps within what one may take; all of them together do not."""
    monkeypatch.setattr(HttpsTransport, "seconds_most", lambda *_: 0.5)
    # The end of all of them is what ends it: one exchange alone, on a machine that stands still for a moment, does not.
    monkeypatch.setattr(HttpsTransport, "timeout", lambda *_: aiohttp.ClientTimeout(total=60))
    hub.handler = cutting(list(range(1, 30)))
    with pytest.raises(TransportError) as caught:
        await read(hub)
    assert caught.value.code == "timeout"


async def test_an_item_that_changes_its_length_meanwhile_is_the_hubs_nonsense(hub: Hub) -> None:
    first, second = cutting([120_000]), cutting([], whole=len(BODY) - 1)
    handlers = [first, second]

    async def handler(request: web.Request) -> web.StreamResponse:
        return await handlers.pop(0)(request)

    hub.handler = handler
    with pytest.raises(TransportError, match="another length"):
        await read(hub)


async def test_an_answer_that_begins_elsewhere_is_not_read(hub: Hub) -> None:
    hub.handler = cutting([120_000], lie=1)
    with pytest.raises(TransportError) as caught:
        await read(hub)
    assert caught.value.code == "peer-nonsense"


async def test_more_than_there_is_cannot_be_read(hub: Hub) -> None:
    hub.handler = cutting([])
    async with hub.line.fetch(hub.authority, ITEM) as source:
        with pytest.raises(InvalidPackageError):
            await source.read_exactly(len(BODY) + 1)
