"""ed1: Ed25519 (RFC 8032) as libsodium checks it, the only signature suite of emla/1.

libsodium refuses small-order and non-canonical public keys and signatures whose S is not reduced. That strictness is what
makes a signature impossible to deny, so no other implementation may stand here.
"""

from nacl import bindings, exceptions

NAME = "ed1"
PUBLIC_BYTES = bindings.crypto_sign_PUBLICKEYBYTES
SIGNATURE_BYTES = bindings.crypto_sign_BYTES
SEED_BYTES = bindings.crypto_sign_SEEDBYTES


def is_valid_public(public: bytes) -> bool:
    """Whether 32 bytes are a canonical point of the prime-order group and so acceptable as a public key."""
    return len(public) == PUBLIC_BYTES and bool(bindings.crypto_core_ed25519_is_valid_point(public))


def verify(public: bytes, message: bytes, sig: bytes) -> bool:
    """Whether `sig` is the signature of `message` by `public`."""
    if len(public) != PUBLIC_BYTES or len(sig) != SIGNATURE_BYTES:
        return False
    try:
        bindings.crypto_sign_open(sig + message, public)
    except (exceptions.BadSignatureError, exceptions.ValueError):
        return False
    return True


class SigningKey:
    """An Ed25519 private key in memory, made from its 32-byte seed; a `Signer`."""

    __slots__ = ("_secret", "kid", "public")

    def __init__(self, seed: bytes, kid: str) -> None:
        self.public, self._secret = bindings.crypto_sign_seed_keypair(seed)
        self.kid = kid

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of the message."""
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid})"
