"""The stranger of a run: an authority that everybody has pinned and that does as it likes, with its own keys and with bare bytes.

It listens, and does something else with each call; and it calls, with packages that are wrong at one place each, with repeats of
what was accepted, and with what is no protocol at all. Nothing of this may cost the others anything.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from emla.formats.acknowledgement import encode_bundle
from emla.model.acknowledgement import Event
from emla.model.package import PartRole
from tests.simulation.house import HOSTS, House
from tests.simulation.node import PORT, Node
from tests.simulation.options import EVIL
from tests.support.acknowledging import issue
from tests.support.authorities import (
    NOTHING,
    NOW,
    Package,
    Parts,
    Party,
    Tampering,
    build,
    derived,
    secrets_of,
)
from tests.support.messages import ATTACHMENT_NAME, make_template

_PATIENCE_SECONDS = 70.0


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _other_signature(signed: bytes) -> bytes:
    """One character of the signature is another one, whatever it was."""
    place = len(signed) - 20
    return signed[:place] + (b"B" if signed[place : place + 1] == b"A" else b"A") + signed[place + 1 :]


TAMPERINGS: dict[str, Tampering] = {
    "honest": NOTHING,
    "flipped chunk": Tampering(payload=_flipped),
    "other commitment": Tampering(commit=_flipped),
    "other key": Tampering(wrapped_cek=_flipped),
    "other stanza": Tampering(stanza=_flipped),
    "other sender in the manifest": Tampering(manifest={"from": "at.moj"}),
    "other part": Tampering(stream=lambda stream: _flipped(stream[:100]) + stream[100:]),
    "from the future": Tampering(header={"created": NOW + 5 * 86400}),
    "expired": Tampering(header={"created": NOW - 86400, "expires": NOW - 1}),
    "to somebody else": Tampering(header={"to": "hk.doj"}),
    "other suite": Tampering(header={"suites": ["h9", "cc9", "ed9"]}),
    "no signature": Tampering(signed=_other_signature),
}


@cache
def package_to(house: House, recipient: str, number: int, what: str) -> Package:
    """Package `number` of the stranger, wrong in one way; made once for each process."""
    at = node_party(house, recipient)
    return build(house.evil, at, number=number, parts=_parts(recipient, number), tampering=TAMPERINGS[what])


@cache
def _parts(recipient: str, number: int) -> Parts:
    attachment = derived("evil annex", number, length=300)
    template = make_template(sender=EVIL, recipient=recipient, attachment=attachment)
    name = derived("evil message", recipient, number, length=16)
    return (
        (PartRole.MAIN, "application/xml", "request.xml", template.fill(name, name)),
        (PartRole.ANNEX, "application/octet-stream", ATTACHMENT_NAME, attachment),
    )


@cache
def node_party(house: House, name: str) -> Party:
    """What the stranger knows of an authority: its documents, and so the public half of its sealing key."""
    from emla.bootstrap.own import own_authority
    from emla.keyring.files import OPENER_USES, read_keys
    from emla.model.documents import KeyUse

    authority = own_authority(house.folder / name)
    newest = authority.newest(KeyUse.SEAL, NOW)
    assert newest is not None
    sealing = read_keys(house.folder / name / "keys", OPENER_USES).sealing_key(newest.kid)
    assert sealing is not None
    return replace(house.evil, id=name, seal=sealing, authority=authority)


@dataclass
class Evil:
    """One run's stranger."""

    nodes: Sequence[Node]
    chance: random.Random
    house: House
    calls: dict[str, int] = field(default_factory=dict)
    answers: dict[int, int] = field(default_factory=dict)
    _next: int = 0

    async def listen(self) -> None:
        """Stand at the address that its card names."""
        await asyncio.start_server(self._serve, HOSTS[EVIL], PORT)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await self._answer(writer)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        said = self._lies()
        if said is None:
            await asyncio.sleep(500.0)
            return
        writer.write(said)
        await writer.drain()

    def _lies(self) -> bytes | None:
        bundle = self._bundle()
        lies: list[Callable[[], bytes | None]] = [
            lambda: None,
            lambda: b"",
            lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            lambda: _http("200 OK", "application/vnd.emla.bundle+json", bundle),
            lambda: _http("422 No", "application/vnd.emla.bundle+json", bundle[: len(bundle) // 2]),
            lambda: _http("503 Busy", "application/problem+json", b'{"code":"busy"}', "Retry-After: 9999999"),
            lambda: _http("403 No", "application/problem+json", b'{"code":"unknown-sender"}'),
            lambda: b"HTTP/1.1 307 There\r\nLocation: https://10.0.0.1:8443/\r\nContent-Length: 0\r\n\r\n",
            lambda: b"HTTP/1.1 204 No Content\r\n\r\n",
            lambda: b"\x00" * 3000,
        ]
        place = self.chance.randrange(len(lies))
        self.answers[place] = self.answers.get(place, 0) + 1
        return lies[place]()

    def _bundle(self) -> bytes:
        """A genuine acknowledgement by the stranger, of some package of its own choice."""
        package = package_to(self.house, self.nodes[0].name, 1, "honest")
        return encode_bundle(issue(self.house.evil, package, Event.RELAY_ACCEPTANCE))

    async def attack(self, seconds: float) -> None:
        """Call the others until the time is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end and self._next < 18:
            self._next += 1
            node = self.chance.choice(self.nodes)
            await self._call(node, self._attack(node.name))
            await asyncio.sleep(self.chance.uniform(0.0, seconds / 20))

    def _attack(self, name: str) -> bytes:
        what = self.chance.choice(
            (*TAMPERINGS, "honest", "honest", "bytes", "route", "acknowledgement", "second", "held")
        )
        self.calls[what] = self.calls.get(what, 0) + 1
        if what in TAMPERINGS:
            # What is wrong in different ways has different places: only "second" contradicts what was there before.
            number = 1 + list(TAMPERINGS).index(what) + len(TAMPERINGS) * self.chance.randrange(3)
            package = package_to(self.house, name, number, what)
            return _offer(package, package.pid)
        if what == "second":
            return _other(self.house, name, "second")
        if what == "held":
            return _other(self.house, name, "held")
        if what == "acknowledgement":
            aid = derived("aid").hex()
            return _request("PUT", f"/emla/1/acknowledgements/{aid}", self._bundle())
        if what == "route":
            return _request(self.chance.choice(("GET", "POST", "DELETE")), "/emla/1/../v1/messages", b"{}")
        return self.chance.randbytes(self.chance.randint(1, 3000))

    async def _call(self, node: Node, said: bytes) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                reader, writer = await asyncio.open_connection(node.host, PORT)
                try:
                    cut = self.chance.randrange(len(said)) if self.chance.random() < 0.1 else len(said)
                    writer.write(said[:cut])
                    await reader.read(65536)
                finally:
                    writer.close()


@cache
def _other(house: House, name: str, what: str) -> bytes:
    """Another package in the place of the first honest one, or the same payload in another: what came first stands."""
    evil, at, first = house.evil, node_party(house, name), secrets_of(EVIL, name, 1)
    if what == "second":
        fresh = replace(first, payload_id=derived("second", length=16))
        package = build(evil, at, number=1, parts=_parts(name, 900), secrets=fresh)
    else:
        fresh = replace(first, msg=derived("held", length=16))
        package = build(evil, at, number=500, parts=_parts(name, 1), secrets=fresh)
    return _offer(package, package.pid)


def _offer(package: Package, pid: bytes) -> bytes:
    body = len(package.signed).to_bytes(4, "big") + package.signed + package.payload
    return _request("PUT", f"/emla/1/packages/{pid.hex()}", body)


def _request(method: str, path: str, body: bytes) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(lines).encode() + body


def _http(status: str, media: str, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {media}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body
