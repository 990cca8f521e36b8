"""What the authority API answers about keys, changes and how peers stand, as values (docs/reference/authority-api.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key of GET /v1/keys. What only the card says is None for a private key that no card lists yet."""

    kid: str
    use: str
    life: str | None
    not_before: datetime | None
    not_after: datetime | None
    days_left: float | None
    revoked_since: datetime | None
    destroy_at: datetime | None
    place: str | None
    """``file`` or ``token``; None where the private half is not here."""
    waiting_packages: int
    peers: tuple[str, ...]

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            kid=answer.hexadecimal("kid"),
            use=answer.text("use"),
            life=answer.optional("life", answer.text),
            not_before=answer.optional("not_before", answer.instant),
            not_after=answer.optional("not_after", answer.instant),
            days_left=answer.optional("days_left", answer.number),
            revoked_since=answer.optional("revoked_since", answer.instant),
            destroy_at=answer.optional("destroy_at", answer.instant),
            place=answer.optional("place", answer.text),
            waiting_packages=answer.integer("waiting_packages"),
            peers=answer.texts("peers"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStanding:
    """Root or card: version, document hash, end."""

    version: int
    sha256: str
    expires: datetime
    days_left: float

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            version=answer.integer("version"),
            sha256=answer.hexadecimal("sha256"),
            expires=answer.instant("expires"),
            days_left=answer.number("days_left"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationEntry:
    """A revocation of ours; `kid` is None for a freeze."""

    kid: str | None
    invalid_since: datetime
    created: datetime
    reason: str
    root_version: int

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            kid=answer.optional("kid", answer.hexadecimal),
            invalid_since=answer.instant("invalid_since"),
            created=answer.instant("created"),
            reason=answer.text("reason"),
            root_version=answer.integer("root_version"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDocuments:
    """Where our own documents stand."""

    authority: str
    frozen: bool
    root: DocumentStanding
    card: DocumentStanding
    profile_version: int
    status_at: datetime | None
    status_expires: datetime | None
    revocations: tuple[RevocationEntry, ...]

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            authority=answer.text("authority"),
            frozen=answer.truth("frozen"),
            root=DocumentStanding.read(answer.nested("root")),
            card=DocumentStanding.read(answer.nested("card")),
            profile_version=answer.integer("profile_version"),
            status_at=answer.optional("status_at", answer.instant),
            status_expires=answer.optional("status_expires", answer.instant),
            revocations=tuple(map(RevocationEntry.read, answer.items("revocations"))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeys:
    """GET /v1/keys."""

    keys: tuple[OwnKey, ...]
    documents: OwnDocuments

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            keys=tuple(map(OwnKey.read, answer.items("items"))),
            documents=OwnDocuments.read(answer.nested("documents")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOfficer:
    """A key officer of today."""

    name: str
    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOfficers:
    """GET /v1/officers."""

    version: int
    officers: tuple[KeyOfficer, ...]
    document: bytes
    """The bytes of the list."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            version=answer.integer("version"),
            document=answer.octets("document"),
            officers=tuple(
                KeyOfficer(name=each.text("name"), kid=each.hexadecimal("kid"))
                for each in answer.items("officers")
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEntry:
    """What an officer said about a change; `name` is None for one who is no officer any more."""

    act: str
    officer: str
    name: str | None
    at: datetime

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            act=answer.text("act"),
            officer=answer.hexadecimal("officer"),
            name=answer.optional("name", answer.text),
            at=answer.instant("at"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A proposed or published document."""

    hash: str
    type: str
    state: str
    proposed_at: datetime
    published_at: datetime | None
    document: bytes
    approvals: tuple[ApprovalEntry, ...]

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            hash=answer.hexadecimal("hash"),
            type=answer.text("type"),
            state=answer.text("state"),
            proposed_at=answer.instant("proposed_at"),
            published_at=answer.optional("published_at", answer.instant),
            document=answer.octets("document"),
            approvals=tuple(map(ApprovalEntry.read, answer.items("approvals"))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPing:
    """What the last ping of a peer showed, and the last one that failed."""

    at: datetime | None
    latency_milliseconds: float | None
    clock_difference_seconds: float | None
    software: str | None
    card_version: int | None
    failed_at: datetime | None
    failed_code: str | None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            at=answer.optional("at", answer.instant),
            latency_milliseconds=answer.optional("latency_milliseconds", answer.number),
            clock_difference_seconds=answer.optional("clock_difference_seconds", answer.number),
            software=answer.optional("software", answer.text),
            card_version=answer.optional("card_version", answer.integer),
            failed_at=answer.optional("failed_at", answer.instant),
            failed_code=answer.optional("failed_code", answer.text),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerStanding:
    """How a peer's documents and gateway stand. `freshness` is ``fresh``, ``late`` or ``stale``."""

    freshness: str
    status_at: datetime | None
    status_age_seconds: int
    frozen: bool
    held: str | None
    revocations: int
    profile_version: int
    next_expiry: str
    """``root`` or ``card``, whichever ends first."""
    next_expiry_days: float
    ping: LastPing | None
    equivocations: int
    contradictions: int
    doubtful: int
    """How often the peer was caught: two packages for one id, two acknowledgements of one event, one that does not hold."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from the answer about a peer, among whose members these are."""
        expiry, ping = answer.nested("next_expiry"), answer.optional("ping", answer.nested)
        return cls(
            freshness=answer.text("freshness"),
            status_at=answer.optional("status_at", answer.instant),
            status_age_seconds=answer.integer("status_age_seconds"),
            frozen=answer.truth("frozen"),
            held=answer.optional("held", answer.text),
            revocations=answer.integer("revocations"),
            profile_version=answer.integer("profile_version"),
            next_expiry=expiry.text("what"),
            next_expiry_days=expiry.number("days_left"),
            ping=LastPing.read(ping) if ping else None,
            equivocations=answer.optional("equivocations", answer.integer) or 0,
            contradictions=answer.optional("contradictions", answer.integer) or 0,
            doubtful=answer.optional("doubtful", answer.integer) or 0,
        )
