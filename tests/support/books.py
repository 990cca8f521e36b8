"""The books of one authority: everything its data folder holds, read raw. What the oracle of `invariants.py` judges.

Rules of this file:
- The database is opened read-only and read with plain SQL, none of it shared with the store under test. A folder may be read
  while its gateway runs, after it was stopped and after it was killed.
- Nothing is judged here. What cannot be decoded is None, and the oracle says so.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emla.bootstrap.own import DATABASE, own_authority
from emla.formats import export
from emla.formats import header as header_form
from emla.keyring.files import OPENER_USES, Keyring, read_keys
from emla.ledger.checkpoint import origin_of
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.errors import EmlaError, InvalidAcknowledgementError
from emla.model.package import Header
from emla.steps.acknowledge import Subject, signature_hash
from emla.steps.trust import RootPin, trust_documents
from emla.steps.verify_acknowledgement import ClaimedAcknowledgement, read_acknowledgement
from emla.store.files import blob_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package in one of the two boxes: the signed header, and what the columns beside it say."""

    pid: bytes
    signed: bytes
    other: str
    """The authority on the other side."""
    msg: bytes
    payload_id: bytes
    payload_sha256: bytes
    payload_size: int
    epoch: int
    seq: int
    record: bytes | None
    header: Header | None
    """The header as signed; None where it does not decode."""
    subject: Subject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPackage(Package):
    """A package of ours."""

    message_id: bytes
    message_sha256: bytes
    replaces: bytes | None
    """The package whose place this one takes, because its key was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPackage(Package):
    """A package of a peer's, and where it stands in the inbox; an empty state means that it stands nowhere."""

    state: str
    strikes: int
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAcknowledgement:
    """An acknowledgement, ours or a peer's."""

    aid: bytes
    pid: bytes
    event: Event
    by: str
    bundle: bytes
    claim: ClaimedAcknowledgement | None
    """The bundle taken apart; None where it is no bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLeg:
    """A leg."""

    id: int
    kind: str
    ref: bytes
    peer: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLeaf:
    """A leaf of the ledger."""

    index: int
    kind: int
    digest: bytes
    ref: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A ledger that has ended, as it stood then."""

    epoch: int
    origin: str
    leaves: list[StoredLeaf]
    checkpoints: list[bytes]

    @property
    def size(self) -> int:
        """How many leaves it had."""
        return len(self.leaves)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Everything in one data folder, by the keys the protocol knows it under."""

    data: Path
    authority: Authority
    keys: Keyring
    peers: dict[str, Authority | None]
    """The pinned peers; None where the stored documents do not fit the pin."""
    sent: dict[bytes, SentPackage]
    received: dict[bytes, ReceivedPackage]
    equivocations: dict[bytes, bytes]
    """The signed header of each second package that was refused, by package id."""
    channels: dict[tuple[str, int], tuple[int, bytes]]
    hand_overs: list[tuple[bytes, str]]
    payloads: dict[bytes, tuple[int, bytes | None]]
    """Size and body by SHA-256; no body where the blob store has it."""
    legs: list[StoredLeg]
    acknowledgements: dict[bytes, StoredAcknowledgement]
    contradictions: dict[bytes, StoredAcknowledgement]
    """Second acknowledgements of an event, kept as proof."""
    of_package: dict[bytes, list[StoredAcknowledgement]]
    """The same acknowledgements, by package."""
    documents: dict[bytes, bytes]
    events: dict[bytes, bytes]
    leaves: list[StoredLeaf]
    checkpoints: dict[int, bytes]
    former: list[Former]
    """The ledgers of former epochs, the oldest first."""
    late: list[tuple[int, bytes]]
    """Kind and object of leaves that wait until the ledger is open again."""

    @property
    def all_leaves(self) -> list[StoredLeaf]:
        """The leaves of every epoch, in the order in which they came."""
        return [*(leaf for each in self.former for leaf in each.leaves), *self.leaves]

    @property
    def all_checkpoints(self) -> frozenset[bytes]:
        """The checkpoints of every epoch."""
        return frozenset(
            (*(note for each in self.former for note in each.checkpoints), *self.checkpoints.values())
        )

    @property
    def id(self) -> str:
        """The authority's id."""
        return self.authority.id

    def payload(self, sha256: bytes) -> bytes | None:
        """The bytes stored as a payload, from the row or the file; None where there are none."""
        row = self.payloads.get(sha256)
        if row is None:
            return None
        if row[1] is not None:
            return row[1]
        path = blob_path(self.data / "blobs", sha256)
        return path.read_bytes() if path.is_file() else None

    def of(self, pid: bytes, event: Event) -> StoredAcknowledgement | None:
        """The stored acknowledgement of one event of a package."""
        return next((each for each in self.of_package.get(pid, ()) if each.event is event), None)

    def about(self, pid: bytes) -> Package | None:
        """The package of this id, whichever box it is in."""
        return self.sent.get(pid) or self.received.get(pid)


def read_books(data: Path) -> Books:
    """Read a data folder.

    Raises:
        EmlaError: its own documents or keys cannot be read.
        sqlite3.Error: there is no database, or not this schema.
    """
    authority = own_authority(data)
    with reading(data) as database:
        read = _Rows(database)
        acknowledgements = list(read.acknowledgements())
        of_package: dict[bytes, list[StoredAcknowledgement]] = {}
        for each in acknowledgements:
            of_package.setdefault(each.pid, []).append(each)
        return Books(
            data=data,
            authority=authority,
            keys=read_keys(data / "keys", OPENER_USES),
            peers=dict(read.peers()),
            sent={each.pid: each for each in read.sent()},
            received={each.pid: each for each in read.received()},
            equivocations=dict(database.execute("SELECT pid, signed FROM equivocation").fetchall()),
            channels={
                (row[0], row[1]): (row[2], row[3]) for row in database.execute("SELECT * FROM channel")
            },
            hand_overs=database.execute(
                "SELECT r.pid, h.consumer FROM hand_over h JOIN received r ON r.id = h.received"
            ).fetchall(),
            payloads={row[0]: (row[1], row[2]) for row in database.execute("SELECT * FROM payload")},
            legs=list(read.legs()),
            acknowledgements={each.aid: each for each in acknowledgements},
            contradictions={each.aid: each for each in read.acknowledgements("contradiction")},
            of_package=of_package,
            documents=dict(database.execute("SELECT sha256, body FROM document").fetchall()),
            events=dict(database.execute("SELECT sha256, body FROM event").fetchall()),
            leaves=list(read.leaves("SELECT idx, kind, digest, ref FROM leaf ORDER BY idx")),
            checkpoints=dict(database.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall()),
            former=list(read.former(authority.id)),
            late=database.execute("SELECT kind, ref FROM late_leaf").fetchall(),
        )


@contextmanager
def reading(data: Path) -> Iterator[sqlite3.Connection]:
    """The database of a data folder, read-only, as of one instant."""
    path = (data / DATABASE).absolute()
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as database:
        database.execute("PRAGMA busy_timeout=5000")
        database.execute("BEGIN")
        yield database


def damage_in(database: Any) -> list[str]:
    """What SQLite itself finds wrong: pages, indexes that disagree with their tables, references to rows that are gone.

    Args:
        database: a connection, of whichever SQLite.
    """
    pages = [row[0] for row in database.execute("PRAGMA integrity_check").fetchall()]
    references = database.execute("PRAGMA foreign_key_check").fetchall()
    return [each for each in pages if each != "ok"] + [
        f"{row[0]} refers to a row of {row[2]}" for row in references
    ]


class _Rows:
    """Reads rows as values."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def peers(self) -> Iterator[tuple[str, Authority | None]]:
        for row in self._database.execute("SELECT authority, documents, pin_version, pin_sha256 FROM peer"):
            try:
                pin = RootPin(version=row[2], sha256=row[3])
                documents = export.decode_export(row[1])
                yield row[0], trust_documents(documents, pin, known=documents)
            except EmlaError:
                yield row[0], None

    def sent(self) -> Iterator[SentPackage]:
        for row in self._database.execute(
            "SELECT pid, signed, recipient, msg, payload_id, payload_sha256, payload_size, epoch, seq, record,"
            " message_id, message_sha256, replaces FROM sent ORDER BY id"
        ):
            header, subject = _decode(row[1])
            yield SentPackage(
                pid=row[0],
                signed=row[1],
                other=row[2],
                msg=row[3],
                payload_id=row[4],
                payload_sha256=row[5],
                payload_size=row[6],
                epoch=row[7],
                seq=row[8],
                record=row[9],
                header=header,
                subject=subject,
                message_id=row[10],
                message_sha256=row[11],
                replaces=row[12],
            )

    def received(self) -> Iterator[ReceivedPackage]:
        for row in self._database.execute(
            "SELECT r.pid, signed, sender, msg, payload_id, payload_sha256, payload_size, epoch, seq, sealed,"
            " coalesce(state, ''), coalesce(strikes, 0), code FROM received r"
            " LEFT JOIN record c ON c.received = r.id LEFT JOIN inbox i ON i.received = r.id ORDER BY r.id"
        ):
            header, subject = _decode(row[1])
            yield ReceivedPackage(
                pid=row[0],
                signed=row[1],
                other=row[2],
                msg=row[3],
                payload_id=row[4],
                payload_sha256=row[5],
                payload_size=row[6],
                epoch=row[7],
                seq=row[8],
                record=row[9],
                header=header,
                subject=subject,
                state=row[10],
                strikes=row[11],
                code=row[12],
            )

    def acknowledgements(self, table: str = "acknowledgement") -> Iterator[StoredAcknowledgement]:
        sql = f"SELECT aid, pid, event, by, bundle FROM {table} ORDER BY rowid"  # two names of our own
        for row in self._database.execute(sql):
            try:
                claim: ClaimedAcknowledgement | None = read_acknowledgement(row[4])
            except InvalidAcknowledgementError:
                claim = None
            yield StoredAcknowledgement(
                aid=row[0], pid=row[1], event=Event(row[2]), by=row[3], bundle=row[4], claim=claim
            )

    def leaves(self, sql: str, *values: int) -> Iterator[StoredLeaf]:
        for row in self._database.execute(sql, values):
            yield StoredLeaf(index=row[0], kind=row[1], digest=row[2], ref=row[3])

    def former(self, authority: str) -> Iterator[Former]:
        epochs = self._database.execute("SELECT DISTINCT epoch FROM former_leaf ORDER BY epoch").fetchall()
        sql = "SELECT idx, kind, digest, ref FROM former_leaf WHERE epoch = ? ORDER BY idx"
        notes = "SELECT note FROM former_checkpoint WHERE epoch = ? ORDER BY size"
        for (epoch,) in epochs:
            yield Former(
                epoch=epoch,
                origin=origin_of(authority, epoch),
                leaves=list(self.leaves(sql, epoch)),
                checkpoints=[row[0] for row in self._database.execute(notes, (epoch,))],
            )

    def legs(self) -> Iterator[StoredLeg]:
        for row in self._database.execute("SELECT id, kind, ref, peer, state FROM leg ORDER BY id"):
            yield StoredLeg(id=row[0], kind=row[1], ref=row[2], peer=row[3], state=row[4])


def _decode(signed: bytes) -> tuple[Header | None, Subject | None]:
    try:
        envelope = header_form.decode_signed(signed)
        header = header_form.decode(envelope.payload)
    except EmlaError:
        return None, None
    pid = header_form.package_id(envelope.payload)
    return header, Subject(header=header, pid=pid, signature_sha256=signature_hash(envelope))
