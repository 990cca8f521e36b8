"""hand_over: a consigned package -> an officer or case system. The leaf is committed before the first byte goes out (I9).

Plaintext leaves only after the stored payload has been checked against its hash, which the sender signed and under which the
opener verified every part; a part that came from a peer only after `flow.line.scan` let it out; and nothing leaves that its
owner has recalled or that may not be used any more (`flow.holdings`).
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from emla.cases.holdings import Holding
from emla.flow.gateway import Gateway
from emla.flow.holdings import Holdings
from emla.flow.line.open import issue_with_leg
from emla.flow.line.scan import Scans, Suspect
from emla.flow.news import News
from emla.flow.people.reads import told_read
from emla.formats import cc1
from emla.formats.at_rest import open_record
from emla.formats.manifest import decode as decode_manifest
from emla.model.acknowledgement import Event
from emla.model.errors import ConfigurationError, NotFoundError, StoreError
from emla.model.leg import InboxState, Leg
from emla.model.package import Header, Manifest
from emla.model.person import Caller, PersonRole
from emla.model.record import Record
from emla.ports.store import InboxRow, Transaction
from emla.steps.unseal import PayloadStream, ReadPayload

_PIECE_CHUNKS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the desk may show of a package: header, manifest and findings. No plaintext of parts."""

    header: Header
    manifest: Manifest
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part that the caller may read, as it is stored; `received`: the row of its package, where a peer sent it."""

    pid: bytes
    number: int
    role: PersonRole
    content: Content
    stream: PayloadStream
    received: InboxRow | None

    def pieces(self) -> AsyncIterator[bytes]:
        return _pieces(self.stream, self.content.manifest, self.number)


class HandOver:
    """The desk's way to content."""

    def __init__(
        self,
        gateway: Gateway,
        news: News,
        on_leg: Callable[[Leg], None],
        holdings: Holdings,
        scans: Scans | None = None,
    ) -> None:
        """Args: the gateway; who waits for news; who takes the legs; what owners say; what scans parts of peers, if anything."""
        self._scans = scans
        self._gateway = gateway
        self._holdings = holdings
        self._news = news
        self._on_leg = on_leg

    def content(self, pid: bytes, signed: bytes) -> Content | None:
        """Open the record of a package; None while there is none (not consigned, or never opened)."""
        sealed = self._gateway.store.read.record(pid)
        if sealed is None:
            return None
        record = open_record(sealed, content_key=self._gateway.identity.content_key, pid=pid)
        if record is None:
            raise StoreError("store-failed", "A record does not open with the content key.")
        return Content(
            header=self._gateway.subjects.of(pid, signed).header,
            manifest=decode_manifest(record.manifest),
            record=record,
        )

    def now(self) -> datetime:
        """The instant at which labels are asked for."""
        return self._holdings.now()

    async def holding(self, content: Content) -> Holding | None:
        """What binds the content of a package; None for a message that is no act of a case."""
        return await self._holdings.of(content.manifest)

    async def part(self, pid: bytes, number: int, caller: Caller) -> tuple[Content, AsyncIterator[bytes]]:
        """Hand one part to somebody who may see it (`flow.people.sight`).

        Args:
            pid: a package of ours, or a consigned one of a peer's.
            number: which part, from 0.
            caller: who reads it. The acknowledgement tells of a role, never of a person; the leaf names an id.

        Returns:
            The content, and the part's bytes in pieces.

        Raises:
            NotFoundError: no such package or part, or not readable in its state, or erased; ``recalled``, ``use-ended``,
                ``unusable``.
            ConfigurationError: ``not-allowed``: content is not for the caller. ``not-cleared``: this is not. ``scanner-failed``.
            InvalidMessageError: ``infected``, ``not-scanned``.
        """
        part = await self._part(pid, number, caller)
        await self._holdings.require_cleared(part.content.manifest, number, caller, pid)
        # Before anything is recorded: what is kept back was not handed over.
        scan = None
        if part.received is not None and self._scans is not None:
            scan = await self._scans.require(_suspect(part, part.received))
            # A scan may last: what its owner, or an erasure, said meanwhile counts.
            await self._require_readable(part.content.manifest, pid, number, caller)
            await self._holdings.require_cleared(part.content.manifest, number, caller, pid)
        read_now = told_read(
            self._gateway,
            caller,
            what="part",
            id_=pid.hex(),
            part=number,
            role=part.role,
            scan=scan,
            about=pid,
        )
        if part.received:
            await self._record_hand_over(pid, part.received.signed, part.role, read_now)
        else:
            await self._gateway.store.write(read_now)
        return part.content, part.pieces()

    async def suspect(self, pid: bytes, number: int, caller: Caller) -> Suspect:
        """A part of a peer's package that the caller may read, for those who decide about it.

        Raises:
            NotFoundError: no such package of a peer's, no such part, or not readable in its state.
            ConfigurationError: ``not-allowed``.
        """
        part = await self._part(pid, number, caller)
        if part.received is None:
            raise NotFoundError("not-found", "No received package has this id.")
        return _suspect(part, part.received)

    async def _part(self, pid: bytes, number: int, caller: Caller) -> _Part:
        role = caller.reads_as
        if role is None:
            raise ConfigurationError("not-allowed", "Content is not for this person.")
        read = self._gateway.store.read
        sent, received = read.sent(pid), read.received(pid)
        row = sent or received
        if row is None:
            raise NotFoundError("not-found", "No such package.")
        self._require_there(pid)
        content = self.content(pid, row.signed)
        if content is None or (received and received.state is InboxState.QUARANTINED):
            raise NotFoundError("not-readable", f"Its state is {received.state if received else 'unknown'}.")
        if not 0 <= number < len(content.manifest.parts):
            raise NotFoundError("not-found", f"It has {len(content.manifest.parts)} parts.")
        if received:
            await self._require_readable(content.manifest, pid, number, caller)
        stream = await self._checked_stream(content)
        return _Part(
            pid=pid,
            number=number,
            role=role,
            content=content,
            stream=stream,
            received=received,
        )

    def _require_there(self, pid: bytes) -> None:
        if self._gateway.store.read.erasure_of(pid) is not None:
            raise NotFoundError("erased")

    async def _require_readable(self, manifest: Manifest, pid: bytes, number: int, caller: Caller) -> None:
        self._require_there(pid)
        await self._holdings.require_usable(manifest, number, caller, pid)

    async def _checked_stream(self, content: Content) -> PayloadStream:
        reference = content.header.payload
        payload = self._gateway.store.read.payload(reference.sha256)
        if payload is not None:
            whole = hashlib.sha256(payload).digest() == reference.sha256
            read = _memory_reader(payload)
        else:
            path = self._gateway.blobs.path(reference.sha256)
            whole = await asyncio.to_thread(_file_hash, path) == reference.sha256
            read = _file_reader(path)
        if not whole:
            raise StoreError("payload-damaged", "It is not the one that was verified.")
        return PayloadStream(content.header, content.record.cek, read)

    async def _record_hand_over(
        self, pid: bytes, signed: bytes, consumer: str, read_now: Callable[[Transaction], None]
    ) -> None:
        """I9: in one batch, before the first byte goes out, the leaf of this read and, the first time, the hand-over."""
        gateway = self._gateway
        subject, at = gateway.subjects.of(pid, signed), gateway.now()
        first = gateway.store.read.bundle(pid, Event.CONTENT_HANDOVER) is None

        def operation(transaction: Transaction) -> Leg | None:
            read_now(transaction)
            transaction.insert_hand_over(pid, consumer, at)
            if not first or Event.CONTENT_HANDOVER in transaction.events_of(pid):
                return None
            transaction.move_received(pid, InboxState.CONSIGNED, InboxState.HANDED, None)
            acknowledgement = gateway.acknowledge(Event.CONTENT_HANDOVER, subject, at=at)
            return issue_with_leg(transaction, acknowledgement, at)

        if leg := await gateway.store.write(operation):
            self._on_leg(leg)
            self._news.tell(pid)


def _suspect(part: _Part, received: InboxRow) -> Suspect:
    size = part.content.manifest.parts[part.number].size
    return Suspect(pid=part.pid, peer=received.sender, number=part.number, size=size, pieces=part.pieces)


def _file_hash(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise StoreError("payload-damaged", f"It cannot be read: {error.strerror}.") from error


def _memory_reader(payload: bytes) -> ReadPayload:
    view = memoryview(payload)
    return lambda start, end: view[start:end]


def _file_reader(path: Path) -> ReadPayload:
    def read(start: int, end: int) -> bytes:
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(end - start)

    return read


async def _pieces(stream: PayloadStream, manifest: Manifest, number: int) -> AsyncIterator[bytes]:
    """A part's bytes, about a megabyte at a time, opened on another thread."""
    start = sum(part.size for part in manifest.parts[:number])
    end = start + manifest.parts[number].size
    while start < end:
        stop = min(end, (start // cc1.CHUNK_BYTES + _PIECE_CHUNKS) * cc1.CHUNK_BYTES)
        yield await asyncio.to_thread(_slice, stream, start, stop)
        start = stop


def _slice(stream: PayloadStream, start: int, end: int) -> bytes:
    first, last = start // cc1.CHUNK_BYTES, (end - 1) // cc1.CHUNK_BYTES
    plain = b"".join(stream.chunk(number) for number in range(first, last + 1))
    skip = start - first * cc1.CHUNK_BYTES
    return plain[skip : skip + end - start]
