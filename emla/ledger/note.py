"""Signed notes (C2SP signed-note): a text and the signature lines under it.

Here: the form of a note, key ids, signing and verifying with Ed25519. Not here: what the text says
(checkpoint.py).

Rules of this file:
- Strict both ways: a note that is read and written again is the same bytes. Base64 in canonical form only.
- Signatures of keys we do not know are kept and never judged; that is how cosignatures travel.
- One signature for each key. A second line of the same name and key id is malformed, whatever it holds.
- The text of a note means nothing until `verify_signature` has returned.
"""

import binascii
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from emla.model.errors import InvalidAcknowledgementError

NOTE_BYTES_MAX = 128 * 1024
"""Room for the 16 signatures every verifier has to accept, even if all are post-quantum ones of 5 kB."""
SIGNATURES_MAX = 64
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 4

_ED25519 = b"\x01"
_DASH = "\u2014 ".encode()
_CONTROLS = bytes(set(range(0x20)) - {0x0A})


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line."""

    name: str
    """Key name; for a ledger's own key it is the origin."""
    key_id: bytes
    """4 bytes that, with the name, say which key signed."""
    signature: bytes
    """The signature, as its algorithm defines it; 64 bytes for Ed25519."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedNote:
    """A note in the right form. Nothing about it has been verified."""

    text: bytes
    """What is signed: UTF-8, ends with a newline."""
    signatures: tuple[NoteSignature, ...]


def key_id(name: str, public_key: bytes) -> bytes:
    """Compute the 4-byte id of an Ed25519 note key: SHA-256(name | 0x0A | 0x01 | public key)[:4]."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:KEY_ID_BYTES]


def sign_text(text: bytes, name: str, sign: Callable[[bytes], bytes], public_key: bytes) -> NoteSignature:
    """Sign a note text.

    Args:
        sign: makes the 64-byte Ed25519 signature of the bytes it is given.
        public_key: 32 bytes, the public half of the key `sign` uses.
    """
    return NoteSignature(name=name, key_id=key_id(name, public_key), signature=sign(text))


def encode_note(note: SignedNote) -> bytes:
    """Write a note: text, blank line, one line for each signature."""
    lines = [note.text, b"\n"]
    for line in note.signatures:
        blob = binascii.b2a_base64(line.key_id + line.signature)
        lines.append(_DASH + line.name.encode() + b" " + blob)
    return b"".join(lines)


def decode_note(raw: bytes) -> SignedNote:
    """Read a note.

    Raises:
        InvalidAcknowledgementError: ``malformed``, with what is wrong.
    """
    if len(raw) > NOTE_BYTES_MAX:
        raise _malformed(f"a note has at most {NOTE_BYTES_MAX} bytes")
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        raise _malformed("a note has no control characters but newline")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("a note is UTF-8") from None
    # The last empty line separates; an empty line inside the text belongs to the text.
    end = raw.rfind(b"\n\n")
    if end < 0 or not raw.endswith(b"\n"):
        raise _malformed("a note is a text, a blank line and signature lines, each ended by a newline")
    lines = raw[end + 2 : -1].split(b"\n")
    if len(lines) > SIGNATURES_MAX:
        raise _malformed(f"a note has at most {SIGNATURES_MAX} signatures")
    signatures = tuple(_decode_signature(line) for line in lines)
    if len({(line.name, line.key_id) for line in signatures}) != len(signatures):
        raise _malformed("a key signs a note once")
    return SignedNote(text=raw[: end + 1], signatures=signatures)


def verify_signature(note: SignedNote, name: str, public_key: bytes) -> None:
    """Verify the one signature of this key on the note (Ed25519, RFC 8032; about 65 microseconds).

    Raises:
        InvalidAcknowledgementError: ``bad-signature`` when the key did not sign or its signature does not
            verify.
    """
    if len(public_key) != PUBLIC_KEY_BYTES:  # libsodium would read past the end of a shorter one
        raise InvalidAcknowledgementError("bad-signature", "A public key has 32 bytes.")
    wanted = key_id(name, public_key)
    found = [line.signature for line in note.signatures if line.name == name and line.key_id == wanted]
    if not found:
        raise InvalidAcknowledgementError("bad-signature", f"The note bears no signature of {name}.")
    try:
        # Verified is one run of bytes: a longer signature would hide the head of a longer text.
        if len(found[0]) != SIGNATURE_BYTES:
            raise BadSignatureError
        crypto_sign_open(found[0] + note.text, public_key)
    except BadSignatureError:
        raise InvalidAcknowledgementError(
            "bad-signature", f"The signature of {name} does not verify."
        ) from None


def is_key_name(name: str) -> bool:
    """Say whether C2SP allows this key name: not empty, no spaces of any script, no plus, no control
    characters.
    """
    return bool(name) and not any(char.isspace() or char == "+" or char < " " for char in name)


def decode_base64(text: bytes) -> bytes:
    """Decode standard base64 in its one canonical form (RFC 4648 section 4, padding bits zero).

    Raises:
        InvalidAcknowledgementError: ``malformed``.
    """
    try:
        decoded = binascii.a2b_base64(text)
    except binascii.Error:
        raise _malformed("base64 is damaged") from None
    # Writing it again is what finds white space, URL letters, set padding bits and missing padding.
    if binascii.b2a_base64(decoded, newline=False) != text:
        raise _malformed("base64 is not in canonical form")
    return decoded


def _decode_signature(line: bytes) -> NoteSignature:
    if not line.startswith(_DASH):
        raise _malformed("a signature line begins with an em dash and a space")
    name_bytes, space, blob = line[len(_DASH) :].partition(b" ")
    name = name_bytes.decode()
    decoded = decode_base64(blob)
    if not space or not is_key_name(name) or len(decoded) <= KEY_ID_BYTES:
        raise _malformed("a signature line is a key name and base64 of key id and signature")
    return NoteSignature(name=name, key_id=decoded[:KEY_ID_BYTES], signature=decoded[KEY_ID_BYTES:])


def _malformed(detail: str) -> InvalidAcknowledgementError:
    return InvalidAcknowledgementError("malformed", f"Signed note: {detail}.")
