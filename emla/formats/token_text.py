"""A token as its holder writes it: `emla_`, the id by which it is found, and 32 random octets that show who holds it.

Only the SHA-256 of the octets is kept. They are random, so that a fast hash is enough: there is nothing to guess from.
"""

import hashlib
import re

from emla.formats.strict_json import encode_octets

ID_BYTES = 6
SECRET_BYTES = 32
_TOKEN = re.compile(r"emla_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)


def encode(token_id: str, secret: bytes) -> str:
    """The text that is shown once."""
    return f"emla_{token_id}_{encode_octets(secret)}"


def decode(text: str) -> tuple[str, bytes] | None:
    """The id and the hash of a token's secret; None where the text is no token."""
    found = _TOKEN.fullmatch(text)
    return (found[1], secret_hash(found[2])) if found else None


def hash_of(secret: bytes) -> bytes:
    """What is kept of a new token."""
    return secret_hash(encode_octets(secret))


def secret_hash(text: str) -> bytes:
    """The hash of a secret as it is written: one spelling, whatever base64 would forgive."""
    return hashlib.sha256(text.encode("ascii")).digest()
