"""h1: the recipient suite. HPKE (RFC 9180) base mode with KEM 0x647A (X-Wing: ML-KEM-768 with X25519), HKDF-SHA256 and
ChaCha20-Poly1305. A stanza is the encapsulated key (1,120 bytes) and the sealed 32-byte content key (48 bytes).

Hybrid: whoever records mail today must break both the lattice and the curve to read it later.
"""

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

NAME = "h1"
CEK_BYTES = 32
SEED_BYTES = 32
PUBLIC_BYTES = 1216
STANZA_BYTES = 1168
_MLKEM_PUBLIC_BYTES = 1184
_LABEL = b"emla/1 h1"
_FIELD_PRIME = 2**255 - 19

_suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


@lru_cache(maxsize=256)
def _public_key(public: bytes) -> MLKEM768X25519PublicKey:
    if len(public) != PUBLIC_BYTES:
        raise ValueError("An h1 public key has 1,216 bytes.")
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES]),
        X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:]),
    )


def is_valid_public(public: bytes) -> bool:
    """Whether a key can be sealed to: length, reduced ML-KEM coefficients, canonical X25519 point of no low order."""
    # A point above the field's prime is another spelling of one below: one key would have two ids.
    if int.from_bytes(public[_MLKEM_PUBLIC_BYTES:], "little") >= _FIELD_PRIME:
        return False
    try:
        wrap(public, bytes(CEK_BYTES), b"")
    except (ValueError, RuntimeError):
        return False
    return True


def wrap(public: bytes, cek: bytes, hbind: bytes) -> bytes:
    """Seal a content key to a public key, bound to a header.

    Args:
        public: 1,216 bytes, ML-KEM-768 then X25519.
        cek: 32 bytes.
        hbind: the header binding; another header does not open the stanza.

    Returns:
        The stanza, 1,168 bytes.
    """
    return _suite.encrypt(cek, _public_key(public), info=_LABEL + hbind)


class SealingKey:
    """An X-Wing private key in memory, made from its 32-byte seed."""

    __slots__ = ("_key", "kid", "public")

    def __init__(self, seed: bytes, kid: str = "") -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError("An h1 seed has 32 bytes.")
        expanded = hashlib.shake_256(seed).digest(96)
        lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        curve = X25519PrivateKey.from_private_bytes(expanded[64:])
        self._key = MLKEM768X25519PrivateKey(lattice, curve)
        self.public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        self.kid = kid

    def unwrap(self, stanza: bytes, hbind: bytes) -> bytes | None:
        """Open a stanza; None when it was not sealed to this key for this header. One answer for every cause."""
        if len(stanza) != STANZA_BYTES:
            return None
        try:
            cek = _suite.decrypt(stanza, self._key, info=_LABEL + hbind)
        except (InvalidTag, ValueError, RuntimeError):
            # RuntimeError: a low-order X25519 point, an attack and not an accident; the worker must survive it.
            return None
        return cek if len(cek) == CEK_BYTES else None

    def __repr__(self) -> str:
        return f"SealingKey(kid={self.kid})"
