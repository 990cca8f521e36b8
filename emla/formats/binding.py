"""How emla/1 binds things together: key ids, labelled HMAC, length-prefixed hashing (docs/spec/encoding.md)."""

import hashlib
import hmac
from struct import pack


def key_id(alg: str, public: bytes) -> str:
    """The id of a public key: the first 16 bytes of a SHA-256 over suite name and key, as 32 hexadecimal digits."""
    return hashlib.sha256(b"emla/1 kid\0" + alg.encode("ascii") + b"\0" + public).hexdigest()[:32]


def labelled_key(key: bytes, label: str, data: bytes) -> bytes:
    """HKEY(k, label, data) = HMAC-SHA256(k, label 0x00 data)."""
    return hmac.digest(key, label.encode("ascii") + b"\0" + data, "sha256")


def hash_of(*items: bytes | str | int) -> bytes:
    """SHA-256 over LP(...): each item as a 4-byte big-endian length and its bytes; texts in UTF-8, integers in decimal."""
    pieces: list[bytes] = []
    for item in items:
        data = item if isinstance(item, bytes) else str(item).encode("utf-8")
        pieces += pack(">I", len(data)), data
    return hashlib.sha256(b"".join(pieces)).digest()
