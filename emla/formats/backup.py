"""The backup file: header in the clear, sealed stream, end mark (docs/spec/backup.md).

    magic | u32 length | header (strict JSON) | cc1 stream | end mark

The header's stanza holds the content key under the backup key (h1), bound to everything else the header says. The end mark
holds the size and SHA-256 of all before it, so that whoever has no key can see that a copy is whole; what an attacker changed
only the key shows. Nobody signs a backup: what proves itself is the ledger inside.
"""

import hashlib
from dataclasses import dataclass

from emla.formats import cc1, h1, strict_json
from emla.formats.binding import hash_of, labelled_key
from emla.formats.patterns import AUTHORITY, KID
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.errors import MalformedError

MAGIC = b"emla backup 1\n"
VERSION = 1
SUITES = (h1.NAME, cc1.NAME)
ID_BYTES = 16
HEADER_BYTES_MAX = 8192
END_MAGIC = b"emla end"
END_BYTES = len(END_MAGIC) + 8 + hashlib.sha256().digest_size
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupHeader:
    """What a backup says of itself to whoever has no key. `at` is UNIX seconds."""

    authority: str
    at: int
    id: bytes
    kid: str
    """The backup key it is sealed to."""
    stanza: bytes


def bind(*, authority: str, at: int, id: bytes, kid: str) -> bytes:  # noqa: A002 (the member's name)
    """What stanza and stream are bound to: every member of the header but the stanza."""
    return hash_of("emla/1 backup", VERSION, "+".join(SUITES), authority, at, id, kid)


def binding_of(header: BackupHeader) -> bytes:
    """The binding of a header."""
    return bind(authority=header.authority, at=header.at, id=header.id, kid=header.kid)


def stream_key(cek: bytes, binding: bytes) -> bytes:
    """The key of the cc1 stream."""
    return labelled_key(cek, "emla/1 backup", binding)


def encode_header(header: BackupHeader) -> bytes:
    """Encode everything that stands before the stream."""
    members: dict[str, Json] = {
        "v": VERSION,
        "suites": list(SUITES),
        "authority": header.authority,
        "at": header.at,
        "id": encode_octets(header.id),
        "kid": header.kid,
        "stanza": encode_octets(header.stanza),
    }
    encoded = strict_json.encode(members)
    return MAGIC + len(encoded).to_bytes(_LENGTH_BYTES, "big") + encoded


def decode_header(start: bytes) -> tuple[BackupHeader, int]:
    """Decode the beginning of a file: the header, and where the stream begins.

    Args:
        start: at least as much of the file as a header may have, or all of it.

    Raises:
        MalformedError: it is no backup, or one of another form.
    """
    body = len(MAGIC) + _LENGTH_BYTES
    if not start.startswith(MAGIC):
        raise MalformedError("It is not a backup that this version can read.")
    length = int.from_bytes(start[len(MAGIC) : body], "big")
    if not 0 < length <= HEADER_BYTES_MAX or len(start) < body + length:
        raise MalformedError("backup header has no acceptable length.")
    members = Members(strict_json.decode(start[body : body + length], HEADER_BYTES_MAX), "backup header")
    members.integer("v", VERSION, VERSION)
    if members.texts("suites", len(SUITES)) != SUITES:
        raise MalformedError("backup header names other suites.")
    header = BackupHeader(
        authority=members.text("authority", AUTHORITY, 160),
        at=members.instant("at"),
        id=members.octets("id", ID_BYTES),
        kid=members.text("kid", KID),
        stanza=members.octets("stanza", h1.STANZA_BYTES),
    )
    members.finish()
    return header, body + length


def encode_end(size: int, sha256: bytes) -> bytes:
    """The end mark of a file in which so many bytes of this hash stand before it."""
    return END_MAGIC + size.to_bytes(8, "big") + sha256


def decode_end(mark: bytes) -> tuple[int, bytes]:
    """Size and hash of what stands before the end mark.

    Raises:
        MalformedError: it is none: the file was cut, or something follows it.
    """
    if len(mark) != END_BYTES or not mark.startswith(END_MAGIC):
        raise MalformedError("The file does not end as a backup ends: it was cut, or something was added.")
    place = len(END_MAGIC)
    return int.from_bytes(mark[place : place + 8], "big"), mark[place + 8 :]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupContent:
    """The last member of the archive: what stands before it, and how far the ledger had come."""

    authority: str
    at: int
    software: str
    files: int
    size: int
    """Bytes of all files together."""
    list_sha256: bytes
    """Of the archive's list, the member before this one."""
    checkpoint: str
    """The ledger's last checkpoint; empty while there is none."""
    missing: int
    """Payloads that could not be read when the backup was made; 0 unless somebody insisted."""


CONTENT_BYTES_MAX = 256 * 1024


def encode_content(content: BackupContent) -> bytes:
    """Encode the last member."""
    return strict_json.encode(
        {
            "v": VERSION,
            "authority": content.authority,
            "at": content.at,
            "software": content.software,
            "files": content.files,
            "size": content.size,
            "list_sha256": encode_octets(content.list_sha256),
            "checkpoint": content.checkpoint,
            "missing": content.missing,
        }
    )


def decode_content(data: bytes) -> BackupContent:
    """Decode the last member.

    Raises:
        MalformedError: not in this form.
    """
    members = Members(strict_json.decode(data, CONTENT_BYTES_MAX), "backup content")
    members.integer("v", VERSION, VERSION)
    content = BackupContent(
        authority=members.text("authority", AUTHORITY, 160),
        at=members.instant("at"),
        software=members.text("software"),
        files=members.integer("files"),
        size=members.integer("size"),
        list_sha256=members.octets("list_sha256", 32),
        checkpoint=members.text("checkpoint", longest=128 * 1024),
        missing=members.integer("missing"),
    )
    members.finish()
    return content
