"""Mailboxes at a hub: what is held for whom. Ids, sizes, times and hashes; the hub can read nothing else (docs/spec/hub.md).

Instants are UNIX seconds, sizes bytes.
"""

from dataclasses import dataclass
from enum import StrEnum


class ItemKind(StrEnum):
    """What is held."""

    PACKAGE = "package"
    ACKNOWLEDGEMENT = "acknowledgement"
    DOCUMENTS = "documents"
    CHANNEL = "channel"
    RETURN = "return"
    """A package that comes back to whoever lost it."""


class ItemState(StrEnum):
    """Where an item stands. Only HELD has bytes; the others are what is remembered of it."""

    HELD = "HELD"
    RELEASED = "RELEASED"
    """Its owner has it: for a package, proved by the owner's own RelayAcceptance or RelayRejection."""
    EXPIRED = "EXPIRED"
    """Nobody collected it until `EXPIRY_GRACE_SECONDS` after it expired."""
    REPLACED = "REPLACED"
    """Documents: newer ones of the same authority came."""


EXPIRY_GRACE_SECONDS = 7 * 86400
"""How long an item outlives its expiry: clocks are wrong at times, and an owner that is late may still prove that it has it."""
ITEMS_IN_ANSWER_MAX = 100
RELEASES_MAX = 32
"""Items released in one call."""
WAIT_SECONDS_MAX = 55


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxItem:
    """One object held for its owner. `item` ascends in the order of deposits."""

    item: int
    owner: str
    depositor: str
    kind: ItemKind
    ref: bytes
    """Package id (also of a return), acknowledgement id, or SHA-256 of the body."""
    size: int
    """Of the body as it was deposited and will be collected."""
    at: int
    expires: int
    state: ItemState = ItemState.HELD
    ended_at: int | None = None
    proof: bytes | None = None
    """For a released package the id of the acknowledgement that proves it."""
    payload_sha256: bytes | None = None
    """For a package, and one that comes back, the name of its payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An item as its owner is told of it."""

    item: int
    kind: ItemKind
    ref: bytes
    size: int
    at: int
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An item that its owner lets go. `proof`: for a package the bundle of the owner's acknowledgement."""

    item: int
    proof: bytes | None = None
    ref: bytes | None = None
    """What the list named under the number. A hub that was restored from a backup begins its numbers again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxUse:
    """What one authority's mailbox holds: how many items, how many bytes, since when the oldest."""

    owner: str
    items: int
    size: int
    oldest_at: int | None
