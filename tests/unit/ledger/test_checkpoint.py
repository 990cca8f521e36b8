"""Checkpoints: C2SP's example, the round trip, and every changed byte."""

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from emla.ledger.checkpoint import (
    SIZE_MAX,
    Checkpoint,
    checkpoint_text,
    decode,
    encode,
    origin_of,
    verify,
)
from emla.ledger.note import NoteSignature, SignedNote, encode_note, key_id, sign_text
from emla.model.errors import InvalidAcknowledgementError, LedgerIntegrityError

from .vectors import C2SP_CHECKPOINT, GO_SEED

KEY = SigningKey(GO_SEED)
PUBLIC_KEY = bytes(KEY.verify_key)
OTHER_KEY = SigningKey(bytes(32))
ORIGIN = origin_of("at.moj", 1)
ROOT = bytes(range(32))
HEAD = Checkpoint(origin=ORIGIN, size=20852163, root=ROOT)


def sign(text: bytes) -> bytes:
    return KEY.sign(text).signature


def signed_text(text: bytes, name: str = ORIGIN) -> bytes:
    """Sign any text as the ledger's key would sign a checkpoint."""
    return encode_note(SignedNote(text=text, signatures=(sign_text(text, name, sign, PUBLIC_KEY),)))


def test_the_origin_names_authority_protocol_and_epoch() -> None:
    assert origin_of("at.moj", 1) == "at.moj/emla/1/1"
    assert origin_of("hk.doj", 12) == "hk.doj/emla/1/12"


def test_the_example_of_the_specification_is_read() -> None:
    signed = decode(C2SP_CHECKPOINT)
    assert signed.checkpoint == Checkpoint(
        origin="example.com/behind-the-sofa",
        size=20852163,
        root=binascii.a2b_base64("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="),
    )
    assert [(line.name, len(line.signature)) for line in signed.signatures] == [
        ("example.com/behind-the-sofa", 64)
    ]


def test_a_checkpoint_is_written_as_the_specification_shows() -> None:
    note = encode(HEAD, sign, PUBLIC_KEY)
    root = binascii.b2a_base64(ROOT).decode()
    blob = binascii.b2a_base64(key_id(ORIGIN, PUBLIC_KEY) + sign(checkpoint_text(HEAD))).decode()
    assert note.decode() == f"at.moj/emla/1/1\n20852163\n{root}\n\u2014 at.moj/emla/1/1 {blob}"


@pytest.mark.parametrize("size", [0, 1, 9, 10, 2**53, SIZE_MAX])
def test_a_written_checkpoint_verifies(size: int) -> None:
    head = Checkpoint(origin=ORIGIN, size=size, root=ROOT)
    assert verify(encode(head, sign, PUBLIC_KEY), ORIGIN, PUBLIC_KEY) == head


def test_cosignatures_stay_beside_the_ledgers_own_signature() -> None:
    cosignature = NoteSignature(name="de.bfj/emla/1/1", key_id=b"\x01\x02\x03\x04", signature=b"t" * 72)
    note = encode(HEAD, sign, PUBLIC_KEY)
    own = decode(note).signatures
    for order in ((*own, cosignature), (cosignature, *own)):
        cosigned = encode_note(SignedNote(text=checkpoint_text(HEAD), signatures=order))
        assert verify(cosigned, ORIGIN, PUBLIC_KEY) == HEAD
        assert decode(cosigned).signatures == order


def test_every_flipped_bit_is_refused() -> None:
    note = encode(HEAD, sign, PUBLIC_KEY)
    for at in range(len(note)):
        for bit in range(8):
            changed = bytearray(note)
            changed[at] ^= 1 << bit
            with pytest.raises(InvalidAcknowledgementError) as refused:
                verify(bytes(changed), ORIGIN, PUBLIC_KEY)
            assert refused.value.code in {"malformed", "bad-signature"}


def test_every_dropped_or_doubled_byte_is_refused() -> None:
    note = encode(HEAD, sign, PUBLIC_KEY)
    for at in range(len(note)):
        for changed in (note[:at] + note[at + 1 :], note[: at + 1] + note[at:]):
            if changed != note:
                with pytest.raises(InvalidAcknowledgementError):
                    verify(changed, ORIGIN, PUBLIC_KEY)


@pytest.mark.parametrize(
    "text",
    [
        b"at.moj/emla/1/1\n5\n",
        b"at.moj/emla/1/1\n05\n@\n",
        b"at.moj/emla/1/1\n+5\n@\n",
        b"at.moj/emla/1/1\n-5\n@\n",
        b"at.moj/emla/1/1\n 5\n@\n",
        b"at.moj/emla/1/1\n5_0\n@\n",
        b"at.moj/emla/1/1\n\n@\n",
        "at.moj/emla/1/1\n\u0665\n@\n".encode(),
        b"at.moj/emla/1/1\n9223372036854775808\n@\n",
        b"at.moj/emla/1/1\n99999999999999999999\n@\n",
        b"at.moj/emla/1/1\n5\nAAAA\n",
        b"at.moj/emla/1/1\n5\n@=\n",
        b"at.moj/emla/1/1\n5\n @\n",
        b"at.moj/emla/1/1\n5\n@\nextension\n",
        b"at.moj/emla/1/1\n5\n@\n\n",
        b"\n5\n@\n",
        b"at.moj emla\n5\n@\n",
        b"\nat.moj/emla/1/1\n5\n@\n",
    ],
)
def test_a_signed_text_that_is_not_a_checkpoint_is_malformed(text: bytes) -> None:
    note = signed_text(text.replace(b"@", binascii.b2a_base64(ROOT, newline=False)))
    with pytest.raises(InvalidAcknowledgementError) as refused:
        verify(note, ORIGIN, PUBLIC_KEY)
    assert refused.value.code == "malformed"


def test_the_text_the_refusals_vary_is_itself_accepted() -> None:
    note = signed_text(b"at.moj/emla/1/1\n5\n@\n".replace(b"@", binascii.b2a_base64(ROOT, newline=False)))
    assert verify(note, ORIGIN, PUBLIC_KEY).size == 5


def test_another_ledgers_checkpoint_is_refused_though_the_key_is_ours() -> None:
    for origin in (origin_of("at.moj", 2), origin_of("de.bfj", 1)):
        head = Checkpoint(origin=origin, size=5, root=ROOT)
        for note in (encode(head, sign, PUBLIC_KEY), signed_text(checkpoint_text(head), name=ORIGIN)):
            with pytest.raises(InvalidAcknowledgementError) as refused:
                verify(note, ORIGIN, PUBLIC_KEY)
            assert refused.value.code == "bad-signature"


def test_another_key_is_refused() -> None:
    note = encode(HEAD, sign, PUBLIC_KEY)
    with pytest.raises(InvalidAcknowledgementError) as refused:
        verify(note, ORIGIN, bytes(OTHER_KEY.verify_key))
    assert refused.value.code == "bad-signature"


def test_a_signature_moved_from_another_size_is_refused() -> None:
    other = Checkpoint(origin=ORIGIN, size=HEAD.size + 1, root=ROOT)
    moved = encode_note(
        SignedNote(text=checkpoint_text(other), signatures=decode(encode(HEAD, sign, PUBLIC_KEY)).signatures)
    )
    with pytest.raises(InvalidAcknowledgementError) as refused:
        verify(moved, ORIGIN, PUBLIC_KEY)
    assert refused.value.code == "bad-signature"


def test_a_checkpoint_that_would_not_verify_is_never_issued() -> None:
    with pytest.raises(LedgerIntegrityError):
        encode(HEAD, sign, bytes(OTHER_KEY.verify_key))
    with pytest.raises(LedgerIntegrityError):
        encode(HEAD, lambda text: bytes(64), PUBLIC_KEY)
    with pytest.raises(LedgerIntegrityError):
        encode(Checkpoint(origin="at moj", size=5, root=ROOT), sign, PUBLIC_KEY)
    with pytest.raises(LedgerIntegrityError):
        encode(Checkpoint(origin=ORIGIN, size=-1, root=ROOT), sign, PUBLIC_KEY)
    with pytest.raises(LedgerIntegrityError):
        encode(Checkpoint(origin=ORIGIN, size=SIZE_MAX + 1, root=ROOT), sign, PUBLIC_KEY)
    with pytest.raises(LedgerIntegrityError):
        encode(Checkpoint(origin=ORIGIN, size=5, root=ROOT[:31]), sign, PUBLIC_KEY)


@given(raw=st.binary(max_size=300))
def test_any_signed_bytes_are_either_a_checkpoint_written_the_same_way_or_refused(raw: bytes) -> None:
    note = signed_text(raw + b"\n")
    try:
        signed = decode(note)
    except InvalidAcknowledgementError as refused:
        assert refused.code == "malformed"
    else:
        assert checkpoint_text(signed.checkpoint) == signed.note.text
