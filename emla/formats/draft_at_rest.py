"""Drafts at rest, sealed under the authority's own content key like records, and the hash by which people speak of one.

What is sealed is a version byte and the content in MessagePack, bound to the draft's id. A member that a later version adds has a
default. The bytes of the parts lie apart, one stream in the payload suite (`cc1`) under a key that is in here.
"""

import hashlib

import msgspec
from nacl import bindings, exceptions

from emla.formats import strict_json
from emla.formats.at_rest import NONCE_BYTES
from emla.formats.strict_json import Json, encode_octets
from emla.model.draft import DraftContent

VERSION = 1
ID_BYTES = 16
_LABEL = b"emla/1 draft\0"
_HASH_LABEL = b"emla/1 draft hash\0"
_TAG_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
_decoder = msgspec.msgpack.Decoder(DraftContent)


def seal_draft(content: DraftContent, *, content_key: bytes, nonce: bytes, draft: bytes) -> bytes:
    """Seal a draft for storage: nonce (24 bytes) and ciphertext."""
    plain = bytes((VERSION,)) + msgspec.msgpack.encode(content)
    box = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, _LABEL + draft, nonce, content_key)
    return nonce + box


def open_draft(sealed: bytes, *, content_key: bytes, draft: bytes) -> DraftContent | None:
    """Open a stored draft; None when key, id or bytes do not fit."""
    if len(sealed) < NONCE_BYTES + _TAG_BYTES:
        return None
    nonce, box = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(box, _LABEL + draft, nonce, content_key)
        return _decoder.decode(plain[1:]) if plain[:1] == bytes((VERSION,)) else None
    except (exceptions.CryptoError, exceptions.ValueError, msgspec.MsgspecError, UnicodeError):
        return None


def draft_hash(content: DraftContent, *, draft: bytes, drafter: str) -> bytes:
    """The hash of what an approver approves: every byte that is sent, to whom and how, and whose draft it is."""
    said: dict[str, Json] = {
        "draft": draft.hex(),
        "drafter": drafter,
        "salt": encode_octets(content.salt),
        "parts": [
            {
                "name": each.name,
                "media": each.media,
                "role": each.role.value,
                "size": each.size,
                "sha256": each.sha256.hex(),
            }
            for each in content.parts
        ],
        "recipient": content.recipient,
        "prio": content.priority.value if content.priority else "",
        "expires_in_days": content.expires_in_days or 0,
        "overrides": [{"rule": each.rule, "reason": each.reason} for each in content.overrides],
        "seen": content.seen or "",
    }
    return hashlib.sha256(_HASH_LABEL + strict_json.encode(said)).digest()
