"""The demo's man in the middle: takes a copy of a package, changes one byte, and offers it to the recipient's gateway."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.own import DATABASE
from emla.formats.dsse import encode as encode_envelope
from emla.formats.export import decode_export
from emla.formats.header import decode_signed, package_id
from emla.model.errors import NotFoundError
from emla.model.settings import PeerSettings
from emla.model.signed import SignedObject
from emla.ports.transport import Refusal
from emla.steps.trust import trust_documents
from emla.store.files import blob_path
from emla.store.sqlite.schema import connect_reader
from emla.transport.https import HttpsTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperAnswer:
    """What the recipient's gateway said to a changed copy, and what it must say."""

    what: str
    code: str
    expected: str


def copy_of_package(data: Path, pid: bytes) -> tuple[bytes, bytes, bytes]:
    """Copy a package as it goes over the line: its id, its signed header, its sealed payload."""
    with contextlib.closing(connect_reader((data / DATABASE).absolute())) as connection:
        row: sqlite3.Row | None = connection.execute(
            "SELECT s.signed, p.sha256, p.body FROM sent s JOIN payload p ON p.sha256 = s.payload_sha256"
            " WHERE s.pid = ?",
            (pid,),
        ).fetchone()
    if row is None:
        raise NotFoundError("not-found", "The package to copy is not there.")
    signed, sha256, body = row
    return pid, signed, body if body is not None else blob_path(data / "blobs", sha256).read_bytes()


async def offer_tampered(exported: bytes, stolen: tuple[bytes, bytes, bytes]) -> list[TamperAnswer]:
    """Offer two changed copies: one with a flipped byte in the payload, one with a flipped byte in the header.

    Args:
        exported: the recipient's export file, which says where its gateway is.
        stolen: the copied package.
    """
    pid, signed, payload = stolen
    peer = trust_documents(decode_export(exported))
    transport = HttpsTransport(PeerSettings(allow_loopback_endpoints=True))
    try:
        flipped = _flip(payload, len(payload) // 2)
        first = await transport.send_package(peer, pid, signed, flipped, len(flipped))
        envelope = decode_signed(signed)
        place = envelope.payload.index(b'"expires":') + len(b'"expires":')
        changed = _digit(envelope.payload, place)
        forged = encode_envelope(
            SignedObject(payload_type=envelope.payload_type, payload=changed, signatures=envelope.signatures)
        )
        second = await transport.send_package(peer, package_id(changed), forged, payload, len(payload))
    finally:
        await transport.close()
    return [
        _answer("one byte of the payload flipped", first, "digest-mismatch"),
        _answer("one digit of the header's expiry changed", second, "bad-signature"),
    ]


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _digit(data: bytes, place: int) -> bytes:
    """Change one decimal digit into its neighbour."""
    return data[:place] + bytes([data[place] ^ 2]) + data[place + 1 :]


def _answer(what: str, answer: bytes | Refusal, expected: str) -> TamperAnswer:
    if isinstance(answer, Refusal):
        return TamperAnswer(what=what, code=answer.code, expected=expected)
    return TamperAnswer(what=what, code="accepted", expected=expected)
