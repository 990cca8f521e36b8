"""Legal acts at rest, sealed under the authority's own content key like records (docs/explanation/at-rest.md).

What is sealed is a version byte and the act in MessagePack, bound to the package that brought it. A member that a later version
adds has a default, so that what was sealed before can be read. A member that has its default is left out: most have.
"""

import hashlib
from dataclasses import fields

import msgspec
from nacl import bindings, exceptions

from emla.formats.at_rest import NONCE_BYTES
from emla.model.legal_act import LegalAct
from emla.model.limits import WIRE
from emla.model.record import SealedAct
from emla.model.restriction import Label

VERSION = 1
ACT_BYTES_MAX = 256 * 1024
"""The largest of a sample takes a kilobyte; what is larger than this is no act that a case can be computed from."""
RELATED_MAX = 64
"""So many other cases an act may name."""
_LABEL = b"emla/1 legal act\0"
_FILE_LABEL = b"emla/1 held file"
TAG_FILE_BYTES = 16
FILES_MAX = WIRE.parts + 1
_TAG_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
_decoder = msgspec.msgpack.Decoder(LegalAct)
_encoder = msgspec.msgpack.Encoder()
_ACT = tuple((each.name, each.default) for each in fields(LegalAct))
_LABEL_FIELDS = tuple((each.name, each.default) for each in fields(Label))


def seal_act(act: LegalAct, *, content_key: bytes, nonce: bytes, pid: bytes) -> SealedAct | None:
    """Seal an act for storage: nonce (24 bytes) and ciphertext; None for one that is too large for a case."""
    plain = bytes((VERSION,)) + _encoder.encode(_members(act))
    if len(plain) > ACT_BYTES_MAX or len(act.relates_to) > RELATED_MAX:
        return None
    box = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, _LABEL + pid, nonce, content_key)
    return SealedAct(
        case_id=act.case_id,
        related=act.relates_to,
        sealed=nonce + box,
        files=tuple(file_tag(each, content_key) for each in _found_again(act)),
    )


def file_tag(sha256: bytes, content_key: bytes) -> bytes:
    """By what a file is found again. A hash of a plaintext names it; this one says nothing to who has not the content key."""
    digest = hashlib.blake2b(sha256, key=content_key, digest_size=TAG_FILE_BYTES, person=_FILE_LABEL)
    return digest.digest()


def _found_again(act: LegalAct) -> tuple[bytes, ...]:
    """The hashes of its files, each once; that of the document where its handling says who may have it."""
    files = dict.fromkeys(each.sha256 for each in act.files)
    label = act.label
    if label is not None and (label.onward or label.not_releasable_to or label.passes == "NONE"):
        files[act.digest] = None
    return tuple(files)


def _members(act: LegalAct) -> dict[str, object]:
    """The members of an act that have not their default."""
    said = {name: value for name, default in _ACT if (value := getattr(act, name)) != default}
    for name in ("label", "new_label"):
        if (label := said.get(name)) is not None:
            said[name] = {
                key: value for key, default in _LABEL_FIELDS if (value := getattr(label, key)) != default
            }
    return said


def open_act(sealed: bytes, *, content_key: bytes, pid: bytes) -> LegalAct | None:
    """Open a stored act; None when key, package id or bytes do not fit."""
    if len(sealed) < NONCE_BYTES + _TAG_BYTES:
        return None
    nonce, box = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(box, _LABEL + pid, nonce, content_key)
        return _decoder.decode(plain[1:]) if plain[:1] == bytes((VERSION,)) else None
    except (exceptions.CryptoError, exceptions.ValueError, msgspec.MsgspecError, UnicodeError):
        return None
