"""Answers of calls that bear an Idempotency-Key, as they lie on the disk for a day: under what only the caller knows.

All is derived from the token and the key that came with the call; neither is kept. So the answer of a call that makes an
invitation, or that names people of a case, cannot be read from the database, and no request can be guessed from its fingerprint.
"""

import hashlib
from dataclasses import dataclass

import msgspec
from nacl import bindings, exceptions

from emla.formats.at_rest import NONCE_BYTES

_LABEL = b"emla/1 kept answer\0"
MESSAGE_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it went out."""

    status: int
    media: str
    body: bytes


_decoder = msgspec.msgpack.Decoder(KeptAnswer)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallKey:
    """What a call with a key is found and sealed by; each 32 bytes."""

    id: bytes
    fingerprint: bytes
    """Of method, path, query and body: another request under the same key has another one."""
    secret: bytes
    message_id: bytes
    """16 bytes: the id of a message that the call has written, so that it is the same message when the call comes again."""


def call_key(token: str, key: str, request: tuple[str, str, bytes]) -> CallKey:
    """Derive it.

    Args:
        token: what the caller bears; empty where nobody is on record.
        key: the Idempotency-Key.
        request: method, path with its query, body.
    """
    root = hashlib.sha256(b"".join((_LABEL, *map(_framed, (token.encode(), key.encode()))))).digest()
    method, path, body = request
    asked = b"".join(map(_framed, (method.encode(), path.encode("utf-8", "surrogateescape"), body)))
    return CallKey(
        id=_derived(root, b"id"),
        fingerprint=_derived(root, b"asked", asked),
        secret=_derived(root, b"sealed"),
        message_id=_derived(root, b"message")[:MESSAGE_ID_BYTES],
    )


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(8, "big") + part


def _derived(root: bytes, use: bytes, data: bytes = b"") -> bytes:
    return hashlib.blake2b(data, key=root, person=use, digest_size=32).digest()


def seal_answer(answer: KeptAnswer, key: CallKey, nonce: bytes) -> bytes:
    """Seal an answer for storage: nonce (24 bytes) and ciphertext."""
    plain = msgspec.msgpack.encode(answer)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, _LABEL + key.id, nonce, key.secret
    )


def open_answer(sealed: bytes, key: CallKey) -> KeptAnswer | None:
    """Open a kept answer; None when the bytes are not what was kept."""
    nonce, box = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(box, _LABEL + key.id, nonce, key.secret)
        return _decoder.decode(plain)
    except (exceptions.CryptoError, exceptions.ValueError, msgspec.MsgspecError):
        return None
