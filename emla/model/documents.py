"""An authority's documents: root, card, profile, status, revocations, and the authority they make trusted together.

Instants are integer UNIX seconds with their wire names. A document here is decoded; whether it is to be trusted is decided
by `emla.steps.trust` alone.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from emla.model.limits import WIRE
from emla.model.requirements import NOTHING, Requirements
from emla.model.signed import PayloadType
from emla.model.working_days import NOT_SAID, WorkingDays

_EPOCH = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


class KeyUse(StrEnum):
    """What an operational key is for."""

    SIGN = "sign"
    LEDGER = "ledger"
    SEAL = "seal"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """A key of the offline root."""

    kid: str
    public: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Who may speak for the authority: n offline keys, k of which sign each card and each next root."""

    authority: str
    version: int
    keys: tuple[RootKey, ...]
    threshold: int
    created: int
    expires: int
    prev: bytes | None
    """SHA-256 of the payload bytes of the version before; None for version 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKey:
    """An operational key with its window. `alg` is the suite: ed1 for sign and ledger, h1 for seal."""

    kid: str
    use: KeyUse
    alg: str
    public: bytes
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the gateway listens, and the SHA-256 of its TLS key's SubjectPublicKeyInfo."""

    url: str
    spki_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The authority's operational card, signed by the root's threshold."""

    authority: str
    version: int
    root_version: int
    keys: tuple[CardKey, ...]
    endpoints: tuple[Endpoint, ...]
    hubs: tuple[str, ...]
    suites: tuple[str, ...]
    ledger_origin: str
    epoch: int
    payload_bytes_max: int
    created: int
    expires: int

    def is_ledger(self, origin: str) -> bool:
        """Whether an origin names the authority's ledger: the one in force, or one of a former epoch."""
        if origin == self.ledger_origin:
            return True
        stem, _, epoch = origin.rpartition("/")
        if stem != self.ledger_origin.rpartition("/")[0] or not _EPOCH.fullmatch(epoch):
            return False
        return int(epoch) < self.epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What people need to know about the authority; signed by a `sign` key, changes at any time."""

    authority: str
    version: int
    country: str
    names: tuple[tuple[str, str], ...]
    """(language tag, name) in the authority's order."""
    contacts: tuple[tuple[str, str], ...]
    """(kind, value): ``telephone``, ``email``, ``post``, ``poc247``."""
    languages: tuple[str, ...]
    electronic_acceptance: str
    time_zone: str
    office_hours: str
    created: int
    requirements: Requirements = NOTHING
    working_days: WorkingDays = NOT_SAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The authority's daily word on what is current: signed by a `sign` key, short-lived, so that withheld news is noticed."""

    authority: str
    at: int
    """The issuer's clock; never goes back from one status to the next."""
    expires: int
    root_version: int
    root_sha256: bytes
    card_version: int
    card_sha256: bytes
    profile_version: int
    profile_sha256: bytes
    revocations: tuple[bytes, ...]
    """Document hash of every revocation there is, ascending: leaving one out is visible."""
    checkpoint: bytes
    """The newest signed checkpoint of the ledger; empty while there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One root key takes trust away: from one key for ever, or from the whole authority until its next root."""

    authority: str
    root_version: int
    """The root whose key signs this. A freeze ends when a higher root version, signed by the threshold, is there."""
    kid: str | None
    """The operational key revoked; None freezes the authority."""
    invalid_since: int
    """What the key signed is not believed from this instant on, whatever date it bears, unless it was witnessed before."""
    created: int
    reason: str
    """A line for people."""


class ApprovalAct(StrEnum):
    """What an officer says about a change."""

    PROPOSE = "propose"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A key officer's signed word about one document (by type and hash): the first proposes, another approves."""

    authority: str
    act: ApprovalAct
    document_type: PayloadType
    document_sha256: bytes
    officer: str
    """The officer's key id."""
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A key officer of this authority: a person with a personal ed1 key."""

    name: str
    kid: str
    public: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Officers:
    """Who may propose and approve. Never leaves the authority; each version is changed by two officers of the one before."""

    authority: str
    version: int
    officers: tuple[Officer, ...]
    created: int
    prev: bytes | None
    """Document hash of the version before; None for version 1, whose two approvals come from officers it lists itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The exact bytes of an authority's documents as exported, exchanged and stored."""

    roots: tuple[bytes, ...]
    """Every root version from 1, each an encoded signed object."""
    card: bytes
    profile: bytes
    status: bytes | None = None
    revocations: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A trusted authority: the newest root, card and profile, its status and every revocation, verified against each other
    and the pin. Made by `emla.steps.trust` alone.
    """

    root: Root
    root_sha256: bytes
    card: Card
    card_sha256: bytes
    profile: Profile
    documents: Documents
    status: Status | None = None
    revocations: tuple[Revocation, ...] = ()

    @property
    def id(self) -> str:
        """The authority's id, for example ``de.bfj``."""
        return self.card.authority

    @property
    def freeze(self) -> Revocation | None:
        """The freeze in force: signed under the newest root. A root of a higher version ends it."""
        found = (
            each for each in self.revocations if each.kid is None and each.root_version == self.root.version
        )
        return min(found, key=lambda each: (each.invalid_since, each.created), default=None)

    @property
    def frozen(self) -> bool:
        """Whether a root key has frozen the authority, and no root of a higher version has come since."""
        return self.freeze is not None

    @property
    def fresh_at(self) -> int:
        """When the authority last said what is current, by its own clock; 0 while it never has."""
        return self.status.at if self.status else 0

    def revoked(self, kid: str) -> Revocation | None:
        """The revocation of a key; of several, the one that reaches back furthest."""
        found = (each for each in self.revocations if each.kid == kid)
        return min(found, key=lambda each: (each.invalid_since, each.created), default=None)

    def key(self, kid: str, use: KeyUse, at: int) -> CardKey | None:
        """The card's key of this id and use, when its window covers the instant and it is not revoked.

        For whatever is new. What was signed before a revocation may still be evidence: `listed`.
        """
        return None if self.revoked(kid) else self.listed(kid, use, at)

    def listed(self, kid: str, use: KeyUse, at: int) -> CardKey | None:
        """The card's key of this id and use, when its window covers the instant, revoked or not.

        Whoever asks must ask `revoked` too, and then for a witness.
        """
        for key in self.card.keys:
            if key.kid == kid and key.use is use and key.not_before <= at < key.not_after:
                return key
        return None

    def newest(self, use: KeyUse, at: int) -> CardKey | None:
        """The key of this use that took effect last among those valid at the instant and not revoked."""
        valid = [
            key
            for key in self.card.keys
            if key.use is use and key.not_before <= at < key.not_after and not self.revoked(key.kid)
        ]
        return max(valid, key=lambda key: (key.not_before, key.kid), default=None)

    def keys(self, use: KeyUse) -> tuple[CardKey, ...]:
        """Every key of this use, old and revoked ones too: what was signed before stays verifiable."""
        return tuple(key for key in self.card.keys if key.use is use)

    def live_sealing_kids(self, now: int) -> frozenset[str]:
        """The sealing keys to which a package may still arrive.

        A package lives for at most 90 days, so one that was sealed on the last day of a key arrives as long as that after it.
        """
        return frozenset(
            key.kid
            for key in self.keys(KeyUse.SEAL)
            if key.not_before <= now < key.not_after + WIRE.expiry_seconds_max and not self.revoked(key.kid)
        )
