"""A running gateway under attack: packages put over real TLS, and what they leave behind read from its own database."""

import asyncio
import http.client
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emla.flow.documents.peers import root_fingerprint
from emla.formats import ed1, package_row
from emla.formats.export import encode_export
from emla.formats.header import package_id
from emla.keyring.files import GATEWAY_USES, OPENER_USES, FileUse, read_keys
from emla.model.acknowledgement import Event
from emla.model.documents import KeyUse
from emla.model.limits import WIRE
from emla.steps.verify_acknowledgement import verify_acknowledgement
from emla.transport.https import client_context
from tests.support import authorities
from tests.support.authorities import Package, Party, party
from tests.support.gateways import leftovers, rows, select
from tests.support.received import valid_parts
from tests.support.servers import Json, Server, make_server, started

SECONDS = 30.0
NO_HEADERS: Mapping[str, str] = {}

OWN_TABLES = frozenset({"leg_count", "whole", "ping", "warning"})
"""What the gateway notes by itself, at its own times."""


@dataclass
class Target:
    """DE's running gateway, and the peers who attack it."""

    server: Server
    recipient: Party
    at: Party
    hk: Party
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def number(self) -> int:
        """A fresh number: message, payload and place that were never used."""
        return next(self.numbers)

    def put(
        self, path: str, body: bytes | None, method: str = "PUT", headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, dict[str, object] | bytes]:
        """One call; the status, and the problem or the answer."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.server.port, context=client_context(), timeout=SECONDS
        )
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            data = response.read()
            if response.headers.get_content_type() == "application/problem+json":
                problem = json.loads(data)
                assert isinstance(problem, dict)
                return response.status, problem
            return response.status, data
        finally:
            connection.close()

    def offer(self, signed: bytes, payload: bytes, pid: bytes) -> tuple[int, dict[str, object] | bytes]:
        """Offer a package as a gateway does."""
        body = len(signed).to_bytes(4, "big") + signed + payload
        return self.put(f"/emla/1/packages/{pid.hex()}", body)

    def offer_together(self, *packages: tuple[bytes, bytes]) -> tuple[bytes | str, ...]:
        """Offer several packages in one call; a bundle or a code for each."""
        status, answer = self.put("/emla/1/packages", package_row.encode(packages), "POST")
        assert status == 200, answer
        assert isinstance(answer, bytes)
        return package_row.decode_answer(answer, len(packages))

    def contents(self) -> dict[str, int]:
        """The size of every table that packages and peers fill, and the number of files."""
        tables = {name: size for name, size in rows(self.server.data).items() if name not in OWN_TABLES}
        return tables | {"files": len(leftovers(self.server.data))}

    def refuses(self, package: Package, *codes: str) -> str:
        """Offer what must leave no state, no leaf, no acknowledgement; return the problem, as text."""
        before = self.contents()
        status, problem = self.offer(package.signed, package.payload, package_id(package.header_bytes))
        assert isinstance(problem, dict), f"a bundle with status {status}"
        assert problem["code"] in codes, problem
        assert status == problem["status"]
        assert 400 <= status < 500
        # A peer learns the code and an id for a telephone call, and nothing else.
        assert set(problem) == {"code", "status", "correlation_id"}
        if package.payload and len(package.signed) <= WIRE.header_bytes:  # a row has no place for others
            assert self.offer_together((package.signed, package.payload)) == (problem["code"],)
        assert self.contents() == before
        return str(problem["code"])

    def fails_to_consign(self, package: Package, code: str) -> None:
        """Offer what is accepted unopened; the failure, and nothing else, must come of it."""
        before = self.contents()
        status, bundle = self.offer(package.signed, package.payload, package.pid)
        assert status == 200, bundle
        assert isinstance(bundle, bytes)
        verified = verify_acknowledgement(bundle, issuer=self.recipient.authority, subject=package.subject)
        assert verified.acknowledgement.event is Event.RELAY_ACCEPTANCE
        assert self.state(package) == "QUARANTINED"
        sql = "SELECT event, reason FROM acknowledgement WHERE pid = ? ORDER BY id"
        expected = [("RelayAcceptance", None), ("ContentConsignmentFailure", code)]
        assert select(self.server.data, sql, package.pid) == expected
        assert select(
            self.server.data,
            "SELECT count(*) FROM record, received WHERE received.id = record.received AND pid = ?",
            package.pid,
        ) == [(0,)]
        after = self.contents()
        changed = {name: after[name] - before[name] for name in after}
        del changed["checkpoint"]
        small = {"received": 1, "payload": 1, "inbox": 1, "acknowledgement": 2, "leaf": 3, "leg": 1}
        assert {name: count for name, count in changed.items() if count} == small

    def state(self, package: Package) -> str:
        """Wait until a package is judged."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = select(
                self.server.data,
                "SELECT state FROM inbox, received WHERE id = received AND pid = ?",
                package.pid,
            )
            if found and found[0][0] != "ACCEPTED":
                return str(found[0][0])
            time.sleep(0.01)
        raise AssertionError("not judged in time")

    def honest(self) -> Package:
        """A package with nothing wrong with it."""
        number = self.number
        parts = valid_parts(self.at.id, self.recipient.id, number=number)
        return authorities.build(self.at, self.recipient, number=number, parts=parts)

    def honest_of(self, size: int, sender: Party | None = None) -> Package:
        """A package with nothing wrong with it whose attachment has so many bytes."""
        sender, number = sender or self.at, self.number
        parts = valid_parts(sender.id, self.recipient.id, size=size, number=number)
        return authorities.build(sender, self.recipient, number=number, parts=parts)

    async def settled(self, contents: dict[str, int]) -> None:
        """Wait until there is nothing more than there was."""
        async with asyncio.timeout(SECONDS):
            while self.contents() != contents:
                await asyncio.sleep(0.05)

    def takes_an_honest_one(self) -> None:
        """After any attack an honest package is consigned as ever."""
        package = self.honest()
        status, _ = self.offer(package.signed, package.payload, package.pid)
        assert status == 200
        assert self.state(package) == "CONSIGNED"


def party_of(server: Server) -> Party:
    """The authority of a running server, with its keys: what a test needs to write to it."""
    authority = server.made.authority
    keys = read_keys(server.data / "keys", GATEWAY_USES | OPENER_USES)
    now = int(time.time())
    kids = {use: authority.newest(use, now) for use in KeyUse}
    sign, ledger, seal = kids[KeyUse.SIGN], kids[KeyUse.LEDGER], kids[KeyUse.SEAL]
    assert sign is not None
    assert ledger is not None
    assert seal is not None
    sealing = keys.sealing_key(seal.kid)
    assert sealing is not None
    signer, ledger_signer = keys.signer(FileUse.SIGN, sign.kid), keys.signer(FileUse.LEDGER, ledger.kid)
    assert isinstance(signer, ed1.SigningKey)
    assert isinstance(ledger_signer, ed1.SigningKey)
    return Party(
        id=authority.id,
        roots=(),
        sign=signer,
        ledger=ledger_signer,
        seal=sealing,
        authority=authority,
    )


async def _pin(server: Server, *peers: Party) -> None:
    async with server.client() as client:
        for peer in peers:
            answer = await client.post(
                "/v1/peers",
                params={"fingerprint": root_fingerprint(peer.authority)},
                data=encode_export(peer.authority.documents),
            )
            assert answer.status == 201, await answer.text()


@contextmanager
def attacked(folder: Path, limits: Json | None = None) -> Iterator[Target]:
    """DE's gateway, running, with AT and HK pinned; the peers' documents and packages are of this minute."""
    made = make_server(folder, "de.bfj")
    made.limits = limits or {}
    with pytest.MonkeyPatch.context() as patch, started(made) as (server,):
        patch.setattr(authorities, "NOW", int(time.time()) - 60)
        at, hk = party("at.moj"), party("hk.doj")
        asyncio.run(_pin(server, at, hk))
        yield Target(server=server, recipient=party_of(server), at=at, hk=hk)
