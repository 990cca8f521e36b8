"""Checkpoints (C2SP tlog-checkpoint): an authority's signed word that its ledger has this size and this root.

Here: origin lines, the checkpoint's three lines, writing, reading and verifying. Not here: signature lines
(note.py), how a root comes about (merkle.py).

Rules of this file:
- The text is exactly three lines: origin, size, root. C2SP lets a log add lines nobody can audit; emla does
  not.
- The key's name is the origin, so that one key cannot speak for two ledgers.
- `decode` gives a `SignedCheckpoint`, which proves nothing; only `verify` returns a `Checkpoint` to rely on.
"""

import contextlib
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emla.ledger.merkle import HASH_BYTES
from emla.ledger.note import (
    NoteSignature,
    SignedNote,
    decode_base64,
    decode_note,
    encode_note,
    is_key_name,
    sign_text,
    verify_signature,
)
from emla.model.errors import InvalidAcknowledgementError, LedgerIntegrityError

SIZE_MAX = 2**63 - 1

_SIZE = re.compile(rb"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of one ledger at one size."""

    origin: str
    """`<authority id>/emla/1/<epoch>`."""
    size: int
    """Number of leaves, 0 to 2^63 - 1."""
    root: bytes
    """32 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint in the right form with its signatures, none of which has been verified."""

    checkpoint: Checkpoint
    note: SignedNote

    @property
    def signatures(self) -> tuple[NoteSignature, ...]:
        """The signature lines, cosignatures included, in their order."""
        return self.note.signatures


def origin_of(authority_id: str, epoch: int) -> str:
    """Name the ledger of an authority: `<authority id>/emla/1/<epoch>`, where epochs count from 1."""
    return f"{authority_id}/emla/1/{epoch}"


def checkpoint_text(checkpoint: Checkpoint) -> bytes:
    """Write the three lines that are signed."""
    root = b64encode(checkpoint.root).decode()
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n".encode()


def encode(checkpoint: Checkpoint, sign: Callable[[bytes], bytes], public_key: bytes) -> bytes:
    """Sign a checkpoint and write it as a note.

    Args:
        checkpoint: an origin that may be a key name, a size of at most 2^63 - 1.
        sign: makes the 64-byte Ed25519 signature of the bytes it is given, with the ledger's own key.
        public_key: the 32 bytes of that key's public half.

    Raises:
        LedgerIntegrityError: ``ledger-broken`` when what was written does not verify with `public_key`.
    """
    text = checkpoint_text(checkpoint)
    signature = sign_text(text, checkpoint.origin, sign, public_key)
    note = encode_note(SignedNote(text=text, signatures=(signature,)))
    # A checkpoint that nobody can verify would be committed with every acknowledgement of its batch and could
    # never be replaced (one checkpoint for one size), so look before it leaves: a wrong key or a faulty token
    # ends the batch.
    try:
        verify(note, checkpoint.origin, public_key)
    except InvalidAcknowledgementError as error:
        raise LedgerIntegrityError(
            "ledger-broken", f"Refusing to issue a checkpoint: {error.detail}"
        ) from error
    return note


def decode(note: bytes) -> SignedCheckpoint:
    """Read a checkpoint without believing it.

    Raises:
        InvalidAcknowledgementError: ``malformed``, with what is wrong.
    """
    signed = decode_note(note)
    lines = signed.text.split(b"\n")
    if len(lines) != 4:  # the fourth is what follows the last newline: nothing
        raise _malformed("it has three lines: origin, size, root")
    origin = lines[0].decode()
    if not is_key_name(origin):
        raise _malformed("the origin is a name without spaces and plus signs")
    if not _SIZE.fullmatch(lines[1]) or int(lines[1]) > SIZE_MAX:
        raise _malformed("the size is a decimal number below 2^63 without leading zeros")
    root = decode_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise _malformed("the root is 32 bytes")
    return SignedCheckpoint(checkpoint=Checkpoint(origin=origin, size=int(lines[1]), root=root), note=signed)


def verify(note: bytes, origin: str, public_key: bytes) -> Checkpoint:
    """Read a checkpoint and verify that the ledger `origin` signed it.

    Args:
        note: the bytes of the checkpoint; signatures of other keys may stand beside the ledger's own.
        origin: the ledger expected, from the authority's card.
        public_key: the ledger's key, 32 bytes, from the same card.

    Raises:
        InvalidAcknowledgementError: ``malformed``; ``bad-signature`` also when it is another ledger's
            checkpoint.
    """
    signed = decode(note)
    if signed.checkpoint.origin != origin:
        raise InvalidAcknowledgementError(
            "bad-signature", f"This is a checkpoint of {signed.checkpoint.origin}, not of {origin}."
        )
    verify_signature(signed.note, origin, public_key)
    return signed.checkpoint


def verify_any(note: bytes, origin: str, public_keys: Sequence[bytes]) -> Checkpoint:
    """Read a checkpoint and verify that the ledger `origin` signed it with one of its keys, past or present.

    Args:
        note: the bytes of the checkpoint.
        origin: the ledger expected.
        public_keys: the ledger's keys, the likeliest first; at least one.

    Raises:
        InvalidAcknowledgementError: as `verify`, with what the last key had against it.
    """
    *others, last = public_keys
    for public_key in others:
        with contextlib.suppress(InvalidAcknowledgementError):
            return verify(note, origin, public_key)
    return verify(note, origin, last)


def _malformed(detail: str) -> InvalidAcknowledgementError:
    return InvalidAcknowledgementError("malformed", f"Checkpoint: {detail}.")
