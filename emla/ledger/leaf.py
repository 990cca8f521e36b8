"""Leaf entries: what the ledger commits to, 33 bytes each.

Here: the kinds of leaves and the entry of a stored object. Not here: the objects themselves; the ledger sees
their exact bytes once and keeps a hash. Rules of this file:
- An entry is one type byte and SHA-256 of the exact stored bytes (docs/spec/ledger.md, section 2). Nothing is
  parsed and nothing is canonicalised: what was stored is what was recorded.
- A number once given to a kind is never given to another.
"""

from enum import IntEnum
from hashlib import sha256

ENTRY_BYTES = 33
DIGEST_BYTES = 32


class LeafKind(IntEnum):
    """What kind of object a leaf stands for; the value is the type byte."""

    HEADER_SENT = 1
    """A package header signed here."""
    HEADER_RECEIVED = 2
    """A package header accepted from a peer."""
    ACKNOWLEDGEMENT_ISSUED = 3
    ACKNOWLEDGEMENT_RECEIVED = 4
    DOCUMENT = 5
    """A signed authority document: root, card, profile, status, revocation, approval."""
    EVENT = 6
    """Something a person or the gateway did: strict JSON with a random 16-byte nonce. Its facts could be
    guessed, so the hash alone would betray them; the nonce forbids that, and erasing it makes the leaf say
    nothing any more."""


def entry(kind: LeafKind, stored: bytes) -> bytes:
    """Build the 33-byte leaf entry of an object from its exact stored bytes."""
    return entry_of_digest(kind, sha256(stored).digest())


def entry_of_digest(kind: int, digest: bytes) -> bytes:
    """Build the leaf entry from the SHA-256 of the stored bytes, where the bytes are not at hand (audit,
    erased objects).

    Args:
        kind: the type byte, 0 to 255; a number that is no `LeafKind` is for the auditor to report, not for
            this function.
        digest: 32 bytes.
    """
    return kind.to_bytes(1, "big") + digest
