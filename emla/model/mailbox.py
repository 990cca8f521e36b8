"""A mailbox at a hub: what lies there for its owner, and how it is let go (docs/spec/hub.md)."""

from dataclasses import dataclass
from enum import StrEnum

ITEMS_MAX = 100
"""Items in one list."""
RELEASES_MAX = 32
"""Items released in one call."""
WAIT_SECONDS_MAX = 55
"""How long a list may wait for its first item."""
RELEASED = "ok"
"""The outcome of a release that stands."""


class ItemKind(StrEnum):
    """What an item is."""

    PACKAGE = "package"
    ACKNOWLEDGEMENT = "acknowledgement"
    DOCUMENTS = "documents"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a hub says about one object that it holds. Nothing of it is verified. Instants are UNIX seconds.

    `ref` is the package id, the acknowledgement id, or the SHA-256 of anything else.
    """

    number: int
    kind: ItemKind
    ref: bytes
    size: int
    at: int
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An item that its owner has. `proof`: its own RelayAcceptance or RelayRejection of the package, a bundle."""

    number: int
    proof: bytes | None = None
