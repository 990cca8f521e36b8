"""Erasure in tests: cases on both sides, what must not be found of one afterwards, and where it is looked for."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from emla.bootstrap.own import DATABASE
from emla.flow.dockets import Dockets
from emla.flow.erasure.erase import Erase
from emla.flow.erasure.order import Order
from emla.flow.line.submission import Submission
from emla.formats.at_rest import open_record
from emla.formats.manifest import decode as decode_manifest
from emla.model.erasure import ErasureReason
from emla.model.package import DeclaredPart, PartRole
from emla.store.sqlite.listings import open_listings
from tests.support.backups import RECEIVER, SENDER, Pair
from tests.support.in_process import BytesSource, Station
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.office import emergency
from tests.support.plaintext import reader_for

_WINDOW = 24
"""So many bytes in a row are no coincidence."""
_EVERY = 512
_PIECES_MAX = 40
_OCTETS = "application/octet-stream"


async def bring(both: Pair, name: str, attachment_bytes: int = 700, *, case: str | None = None) -> bytes:
    """One message goes the whole way, of a case of its own unless one is named; its package id."""
    submitted = await both.sender.submit(submission(name, attachment_bytes, case=case))
    await arrived(both)
    return submitted.pid


def submission(
    name: str, attachment_bytes: int = 700, *, case: str | None = None, urgent: bool = False, **more: object
) -> Submission:
    """One message as it is submitted; `urgent`: an emergency."""
    attachment = hashlib.shake_128(name.encode()).digest(attachment_bytes)
    template = make_template(sender=SENDER, recipient=RECEIVER, attachment=attachment)
    main = template.fill(case_id(name), case_id(case or name))
    main = emergency(main) if urgent else main
    annex = DeclaredPart(name=ATTACHMENT_NAME, media=_OCTETS, role=PartRole.ANNEX, size=attachment_bytes)
    parts = (
        DeclaredPart(name="m.xml", media="application/xml", role=PartRole.MAIN, size=len(main)),
        annex,
    )
    return Submission(parts=parts, source=BytesSource(main + attachment), **more)  # type: ignore[arg-type] # handed on


async def arrived(both: Pair) -> None:
    """What was submitted goes the whole way."""
    await both.sender.deliver(RECEIVER)
    await both.recipient.open()
    await both.recipient.deliver(SENDER)


def case_id(name: str) -> bytes:
    """The id of a case; also that of its only message."""
    return hashlib.sha256(name.encode()).digest()[:16]


@asynccontextmanager
async def erasing(station: Station) -> AsyncIterator[Erase]:
    """The journey at a station, as a new process would build it."""
    listings = await open_listings((station.data / DATABASE).absolute())
    try:
        yield Erase(station.gateway, listings, Dockets(station.gateway, station.news))
    finally:
        await listings.close()


def order(*, reason: str = "r", person: str = "p1", although_open: bool = True) -> Order:
    """An order of a person."""
    return Order(why=ErasureReason.ORDER, person=person, reason=reason, although_open=although_open)


async def ordered(journey: Erase, case: bytes, reason: str = "The court has ordered it.") -> None:
    """Order what is here of a case, open as it is."""
    plan = await journey.plan(case)
    await journey.order(plan, order(reason=reason))


async def erased(station: Station, case: bytes) -> None:
    """Erase what is here of a case."""
    async with erasing(station) as journey:
        await ordered(journey, case)
        await journey.carry_out()


class Secrets:
    """What must not be found of a package once it is erased: keys and salt, and every piece of what is sealed."""

    def __init__(self, station: Station, pid: bytes) -> None:
        gateway = station.gateway
        listed, sealed = gateway.store.read.listed(pid), gateway.store.read.record(pid)
        assert listed is not None
        assert sealed is not None
        record = open_record(sealed, content_key=gateway.identity.content_key, pid=pid)
        assert record is not None
        manifest = decode_manifest(record.manifest)
        with closing(sqlite3.connect(station.data / DATABASE)) as database:
            (act,) = database.execute(
                "SELECT a.sealed FROM legal_act a LEFT JOIN sent s ON s.id * 2 = a.package"
                " LEFT JOIN received r ON r.id * 2 + 1 = a.package WHERE ? IN (s.pid, r.pid)",
                (pid,),
            ).fetchone()
        row = gateway.store.read.sent(pid) or gateway.store.read.received(pid)
        assert row is not None
        payload = gateway.store.read.payload(row.payload_sha256)
        if payload is None:
            payload = gateway.blobs.path(row.payload_sha256).read_bytes()
        self.inside = {record.cek, manifest.salt, *pieces(record.manifest)}
        """Found nowhere at any time: they are sealed."""
        self.record = set(pieces(sealed))
        self.sealed = {*self.record, *pieces(act)}
        self.payload = set(pieces(payload))

    def found(self, data: Path) -> list[str]:
        """What is found of them in any file below a folder."""
        return found_of(self.inside | self.sealed | self.payload, data)


def found_of(secrets: Iterable[bytes], data: Path) -> list[str]:
    """What is found of some bytes in any file below a folder, in the spellings that a file could have."""
    wanted = [spelled for each in secrets for spelled in _spelled(each)]
    read = reader_for(wanted)
    return [
        f"{needle[:8].hex()} in {path.relative_to(data)}"
        for path in sorted(each for each in data.rglob("*") if each.is_file())
        for content in (read(path),)
        for needle in wanted
        if needle in content
    ]


def pieces(data: bytes) -> Iterator[bytes]:
    """Short runs of bytes from all over; the first of them is the nonce of what is sealed."""
    for start in range(0, max(1, len(data) - _WINDOW), max(_EVERY, len(data) // _PIECES_MAX)):
        yield data[start : start + _WINDOW]


def _spelled(needle: bytes) -> tuple[bytes, ...]:
    return needle, needle.hex().encode(), needle.hex().upper().encode()
