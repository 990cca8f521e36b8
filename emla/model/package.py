"""Packages: the header in the clear, the manifest inside, and one type for each station a package passes.

What has not been verified cannot be opened, because the value `unseal` takes does not exist before. Instants that stand on
the wire are integer UNIX seconds and keep their wire names (`created`, `expires`).
"""

from dataclasses import dataclass
from enum import StrEnum

from emla.model.message import SigningOfficer

SUITES = ("h1", "cc1", "ed1")
"""The suites of version 1: recipient, payload, signature. No fallback, so nothing to downgrade to."""


class Priority(StrEnum):
    """The lane a package travels in."""

    URGENT = "urgent"
    NORMAL = "normal"


class PartRole(StrEnum):
    """What a part of the sealed stream is."""

    MAIN = "main"
    ANNEX = "annex"
    TRANSLATION = "translation"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPart:
    """A part as its submitter announces it; what is true of it is found while its bytes are read."""

    name: str
    media: str
    role: PartRole
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadReference:
    """What the header says about the payload: 16-byte id, size in bytes, SHA-256 of the sealed bytes, key commitment."""

    id: bytes
    size: int
    sha256: bytes
    commit: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReference:
    """Which card somebody had in hand: version and SHA-256 of the card's payload bytes."""

    version: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The clear header of a package (docs/spec/package.md). Names one sender and one recipient; no personal data."""

    msg: bytes
    sender: str
    recipient: str
    epoch: int
    seq: int
    prev: bytes | None
    kid: str
    stanza: bytes
    created: int
    expires: int
    prio: Priority
    payload: PayloadReference
    content: bytes
    sender_card: CardReference
    recipient_card: CardReference
    suites: tuple[str, ...] = SUITES
    replaces: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the sealed stream. `name` is for display and is never a path."""

    role: PartRole
    media: str
    name: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The sealed table of contents. Repeats the identities of the header, so a stolen payload does not fit another one."""

    salt: bytes
    sender: str
    recipients: tuple[str, ...]
    payload_id: bytes
    conversation: bytes
    message: str
    in_reply_to: bytes | None
    officer: SigningOfficer
    created: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPayload:
    """Station 1 at the sender: a payload sealed for one recipient, before it has a place in the channel.

    `payload` holds the sealed bytes when they are small enough for a row, else None and the blob store has them.
    """

    draft: Header
    """The header with seq 0 and no prev; `steps.address` gives it its place."""
    payload: bytes | None
    manifest: bytes
    cek: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPackage:
    """Station 2 at the sender: addressed and signed. `signed` is the encoded signed object, `pid` SHA-256 of its payload."""

    header: Header
    pid: bytes
    signed: bytes
    signature_sha256: bytes
    """SHA-256 of the signature bytes, as acknowledgements name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPackage:
    """Station 1 at the recipient: the header's signature, addressing, times and suites hold (rungs 1-10)."""

    header: Header
    pid: bytes
    signed: bytes
    signature_sha256: bytes
    """SHA-256 of the sender's signature bytes as seen, for the acknowledgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPackage:
    """Station 2 at the recipient: opened, and manifest, chunks and parts agree with the header (rungs 16-19)."""

    header: Header
    manifest: Manifest
    manifest_bytes: bytes
    cek: bytes
    main: bytes
