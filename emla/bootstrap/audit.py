"""`emla ledger verify`: everything recomputed from bytes, read-only, whether or not a server runs.

Leaves, stored objects, checkpoints, the proof of every acknowledgement that was issued or received, and the hash of every stored
payload; and that the rows say what these bytes say. One read-only snapshot, so that it can be used beside a running server.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from emla.bootstrap.audit_erasures import Erasures, erasure_problems, payload_problem, recorded_erasures
from emla.bootstrap.audit_issuers import Issuers
from emla.bootstrap.audit_mailboxes import mailbox_problems
from emla.bootstrap.audit_rows import damage_problems, is_numbered, row_problems
from emla.bootstrap.own import DATABASE, ledger_publics, own_authority
from emla.flow.gateway import subject_of
from emla.formats.acknowledgement import decode_bundle
from emla.ledger.audit import AuditReport, IssuedProof, LeafRecord, audit
from emla.ledger.checkpoint import origin_of
from emla.ledger.leaf import LeafKind
from emla.model.documents import Authority
from emla.model.errors import ConfigurationError, EmlaError, MalformedError, StoreError
from emla.steps.acknowledge import Subject
from emla.steps.verify_acknowledgement import held, verify_acknowledgement
from emla.store.files import blob_path
from emla.store.sqlite.schema import connect_reader
from emla.store.sqlite.store import unrecorded

_OBJECTS = {
    LeafKind.HEADER_SENT: "SELECT signed FROM sent WHERE pid = ?1",
    LeafKind.HEADER_RECEIVED: "SELECT signed FROM received WHERE pid = ?1"
    " UNION ALL SELECT signed FROM equivocation WHERE pid = ?1",
    LeafKind.ACKNOWLEDGEMENT_ISSUED: "SELECT bundle FROM acknowledgement WHERE id = ?2",
    LeafKind.ACKNOWLEDGEMENT_RECEIVED: "SELECT bundle FROM acknowledgement WHERE id = ?2"
    " UNION ALL SELECT bundle FROM contradiction WHERE aid = ?1",
    LeafKind.DOCUMENT: "SELECT body FROM document WHERE sha256 = ?1",
    LeafKind.EVENT: "SELECT body FROM event WHERE sha256 = ?1",
}
"""Where the bytes of a leaf are: by what it refers to, and by the row of an acknowledgement."""
_BUNDLES = frozenset({LeafKind.ACKNOWLEDGEMENT_ISSUED, LeafKind.ACKNOWLEDGEMENT_RECEIVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAudit:
    """What a whole audit of a data folder found."""

    ledger: AuditReport
    former: tuple[AuditReport, ...]
    """The ledgers of former epochs, the oldest first."""
    acknowledgements: int
    """Acknowledgements whose signature, proof and checkpoint were verified, ours and the peers'."""
    payloads: int
    """Stored payloads whose hash was recomputed."""
    erased: int
    """Packages whose content was erased, as the ledger says."""
    problems: tuple[str, ...]
    """Everything that does not hold, the ledger's problems included; empty when all is well."""

    @property
    def whole(self) -> bool:
        """Whether everything holds."""
        return not self.problems


HashPayload = Callable[[bytes], bytes | None]
"""The hash of what lies in the file of this name; None when it cannot be read."""


def verify_ledger(data: Path, hash_payload: HashPayload | None = None) -> LedgerAudit:
    """Audit a data folder.

    Args:
        data: the folder.
        hash_payload: how the payloads that are files are found; from the folder's own blobs, where absent.

    Raises:
        ConfigurationError: there is no authority or no ledger in it.
        StoreError: the database is damaged so that it cannot be read.
    """
    authority = own_authority(data)
    path = data / DATABASE
    if not path.exists():
        raise ConfigurationError("not-initialised", f"{data} has no ledger yet: the server has never run.")
    try:
        with contextlib.closing(connect_reader(path.absolute())) as connection:
            connection.execute("BEGIN")  # one snapshot, however long it takes, beside a running server
            return _audit(connection, authority, hash_payload or (lambda sha256: _file_hash(data, sha256)))
    except sqlite3.DatabaseError as error:
        raise StoreError("store-failed", f"{path.name}: {error}") from error


def _audit(connection: sqlite3.Connection, authority: Authority, hash_payload: HashPayload) -> LedgerAudit:
    epochs = [row[0] for row in connection.execute("SELECT DISTINCT epoch FROM former_leaf ORDER BY epoch")]
    erasures = recorded_erasures(connection)
    former = tuple(_audit_ledger(connection, authority, _former(epoch), erasures) for epoch in epochs)
    report = _audit_ledger(connection, authority, _Place(authority.card.epoch), erasures)
    problems = [*damage_problems(connection)]
    problems += [each for one in (*former, report) for each in one.problems]
    problems += [*unrecorded(connection), *mailbox_problems(connection, authority.id)]
    issuers = Issuers(connection, authority, problems)
    acknowledgements = _check_acknowledgements(connection, issuers, problems)
    problems += [*_misfiled(connection), *row_problems(connection), *erasure_problems(connection, erasures)]
    payloads = _check_payloads(connection, hash_payload, problems, erasures)
    return LedgerAudit(
        ledger=report,
        former=former,
        acknowledgements=acknowledgements,
        payloads=payloads,
        erased=len(erasures.contents),
        problems=tuple(problems),
    )


# Nothing else asks for acknowledgements by their ids, so there is no index for it: SQLite makes one, of ids alone, for as long as
# the audit runs.
_LEAVES = """
SELECT l.idx, l.kind, l.digest, l.ref, a.id FROM {ledger} LEFT JOIN acknowledgement a ON a.aid = l.ref
"""
_ISSUED = """
SELECT b.bundle FROM {ledger} CROSS JOIN acknowledgement a ON a.aid = l.ref CROSS JOIN acknowledgement b ON b.id = a.id
WHERE {where} l.kind = ? ORDER BY l.idx
"""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a ledger lies: that in force, unless said."""

    epoch: int
    leaves: str = _LEAVES.format(ledger="leaf l") + "ORDER BY l.idx"
    checkpoints: str = "SELECT note FROM checkpoint ORDER BY size"
    issued: str = _ISSUED.format(ledger="leaf l", where="")
    values: tuple[int, ...] = ()


def _former(epoch: int) -> _Place:
    """Where the ledger of a former epoch lies."""
    return _Place(
        epoch,
        _LEAVES.format(ledger="former_leaf l") + "WHERE +l.epoch = ? ORDER BY l.epoch, l.idx",
        "SELECT note FROM former_checkpoint WHERE epoch = ? ORDER BY size",
        _ISSUED.format(ledger="former_leaf l", where="+l.epoch = ? AND").replace("BY", "BY l.epoch,"),
        (epoch,),
    )


def _audit_ledger(
    connection: sqlite3.Connection, authority: Authority, where: _Place, erasures: Erasures
) -> AuditReport:
    refs: dict[int, tuple[bytes, int | None]] = {}

    def leaves() -> Iterator[LeafRecord]:
        for index, kind, digest, *ref in connection.execute(where.leaves, where.values):
            refs.clear()  # one at a time: the audit asks for the object of the leaf it was just given
            refs[index] = (ref[0], ref[1])
            erased = kind == LeafKind.EVENT and ref[0] in erasures.events
            yield LeafRecord(index=index, kind=kind, digest=digest, erased=erased)

    return audit(
        leaves(),
        lambda record: _stored(connection, record, refs[record.index]),
        (row[0] for row in connection.execute(where.checkpoints, where.values)),
        origin=origin_of(authority.id, where.epoch),
        public_keys=ledger_publics(authority),
        issued=_issued(connection, where),
    )


def _stored(
    connection: sqlite3.Connection, record: LeafRecord, ref: tuple[bytes, int | None]
) -> bytes | None:
    """The exact bytes a leaf was made of; for an acknowledgement the signed object inside its bundle."""
    if record.kind not in _OBJECTS:
        return None
    kind = LeafKind(record.kind)
    sql = _OBJECTS[kind]
    row = connection.execute(sql, ref if "?2" in sql else ref[:1]).fetchone()
    if row is None:
        return None
    if kind not in _BUNDLES:
        return bytes(row[0])
    try:
        return decode_bundle(row[0]).signed
    except MalformedError:
        return bytes(row[0])  # its hash will not fit, which is the finding


def _issued(connection: sqlite3.Connection, where: _Place) -> Iterator[IssuedProof]:
    """The proofs given to peers, in the order of their leaves."""
    kind = int(LeafKind.ACKNOWLEDGEMENT_ISSUED)
    for (stored,) in connection.execute(where.issued, (*where.values, kind)):
        try:
            bundle = decode_bundle(stored)
        except MalformedError:
            continue  # reported as a leaf that does not fit
        yield IssuedProof(
            kind=LeafKind.ACKNOWLEDGEMENT_ISSUED,
            stored=bundle.signed,
            index=bundle.index,
            proof=bundle.proof,
            note=bundle.checkpoint,
        )


def _check_acknowledgements(connection: sqlite3.Connection, issuers: Issuers, problems: list[str]) -> int:
    """Verify every stored acknowledgement as its reader would: signature, proof, and that it fits its package."""
    checked = 0
    for stored, by, pid, event in connection.execute(
        "SELECT bundle, by, pid, event FROM acknowledgement"
        " UNION ALL SELECT bundle, by, pid, event FROM contradiction"
    ):
        if not issuers.knows(by):
            problems.append(f"{event} of {pid.hex()[:16]}: its issuer {by} is not pinned.")
            continue
        header = connection.execute(
            "SELECT signed FROM sent WHERE pid = ?1 UNION ALL SELECT signed FROM received WHERE pid = ?1",
            (pid,),
        ).fetchone()
        try:
            # Stored is witnessed: a key revoked since does not undo what was verified when it came.
            subject = subject_of(header[0]) if header else None
            issuers.verify(by, partial(_verify, stored, subject))
        except EmlaError as error:
            problems.append(f"{event} of {pid.hex()[:16]} by {by}: {error}")
            continue
        checked += 1
    return checked


def _verify(stored: bytes, subject: Subject | None, issuer: Authority) -> None:
    verify_acknowledgement(stored, issuer=issuer, subject=subject, witnessed=held)


_MISFILED = {
    "An acknowledgement of": """
        SELECT a.pid FROM acknowledgement a LEFT JOIN sent s ON s.pid = a.pid LEFT JOIN received r ON r.pid = a.pid
        WHERE a.package IS NOT coalesce(s.id * 2, r.id * 2 + 1)""",
    "The leg of": """
        SELECT l.ref FROM leg l LEFT JOIN sent s ON s.pid = l.ref
        WHERE l.kind = 'package' AND l.package IS NOT s.id * 2""",
    "The leg of the acknowledgement": """
        SELECT l.ref FROM leg l LEFT JOIN acknowledgement a ON a.aid = l.ref
        WHERE l.kind = 'acknowledgement' AND l.package IS NOT a.package""",
}


def _misfiled(connection: sqlite3.Connection) -> Iterator[str]:
    """What is filed under the number of a package that it is not about: nobody who asks for it would find it.

    A database from before there were numbers, in an old backup, is audited as it is: it gets them when a server opens it.
    """
    if not is_numbered(connection):
        return
    for what, sql in _MISFILED.items():
        for (ref,) in connection.execute(sql):
            yield f"{what} {ref.hex()[:16]} is filed under another package."


def _check_payloads(
    connection: sqlite3.Connection, hash_payload: HashPayload, problems: list[str], erasures: Erasures
) -> int:
    checked = 0
    for sha256, body in connection.execute("SELECT sha256, body FROM payload"):
        if body == b"":
            in_file = partial(hash_payload, sha256)
            problems += [each for each in (payload_problem(connection, erasures, sha256, in_file),) if each]
            continue
        found = hash_payload(sha256) if body is None else hashlib.sha256(body).digest()
        if found == sha256:
            checked += 1
        else:
            problems.append(f"The payload {sha256.hex()[:16]} is missing or not what it was.")
    return checked


def _file_hash(data: Path, sha256: bytes) -> bytes | None:
    try:
        with blob_path(data / "blobs", sha256).open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
