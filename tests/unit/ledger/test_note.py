"""Signed notes: Go's and C2SP's published examples, and everything that is not quite a note."""

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from emla.ledger.note import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    NoteSignature,
    SignedNote,
    decode_base64,
    decode_note,
    encode_note,
    is_key_name,
    key_id,
    sign_text,
    verify_signature,
)
from emla.model.errors import InvalidAcknowledgementError

from .vectors import FOREIGN_KEYS, GO_NAME, GO_NOTE, GO_PUBLIC_KEY, GO_SEED, GO_TEXT

GO_KEY = SigningKey(GO_SEED)
LINE = GO_NOTE[len(GO_TEXT) + 1 :]


def go_sign(text: bytes) -> bytes:
    return GO_KEY.sign(text).signature


def other_line(name: str, identity: bytes = b"abcd", signature: bytes = b"x" * 72) -> bytes:
    blob = binascii.b2a_base64(identity + signature)
    return f"\u2014 {name} ".encode() + blob


@pytest.mark.parametrize(("name", "identity", "public_key"), FOREIGN_KEYS)
def test_key_ids_are_those_of_other_implementations(name: str, identity: str, public_key: str) -> None:
    assert key_id(name, bytes.fromhex(public_key)).hex() == identity


def test_the_published_note_is_made_byte_for_byte() -> None:
    signature = sign_text(GO_TEXT, GO_NAME, go_sign, GO_PUBLIC_KEY)
    assert encode_note(SignedNote(text=GO_TEXT, signatures=(signature,))) == GO_NOTE


def test_the_published_note_is_read_and_verified() -> None:
    note = decode_note(GO_NOTE)
    assert note.text == GO_TEXT
    verify_signature(note, GO_NAME, GO_PUBLIC_KEY)


def test_a_changed_text_does_not_verify() -> None:
    note = decode_note(GO_NOTE.replace(b"answer", b"Answer"))
    with pytest.raises(InvalidAcknowledgementError) as refused:
        verify_signature(note, GO_NAME, GO_PUBLIC_KEY)
    assert refused.value.code == "bad-signature"


def test_the_last_empty_line_separates_so_a_text_may_have_empty_lines() -> None:
    text = b"one\n\ntwo\n"
    raw = encode_note(SignedNote(text=text, signatures=(sign_text(text, GO_NAME, go_sign, GO_PUBLIC_KEY),)))
    note = decode_note(raw)
    assert note.text == text
    verify_signature(note, GO_NAME, GO_PUBLIC_KEY)


def test_sixteen_post_quantum_cosignatures_are_accepted_and_kept() -> None:
    lines = [other_line(f"witness.example/{number}", signature=b"q" * 5000) for number in range(16)]
    note = decode_note(GO_NOTE + b"".join(lines))
    assert [line.name for line in note.signatures[1:]] == [f"witness.example/{n}" for n in range(16)]
    verify_signature(note, GO_NAME, GO_PUBLIC_KEY)
    assert encode_note(note) == GO_NOTE + b"".join(lines)


def test_a_line_with_our_name_or_our_id_but_not_both_is_ignored() -> None:
    same_name = other_line(GO_NAME)
    same_id = other_line("somebody", key_id(GO_NAME, GO_PUBLIC_KEY))
    verify_signature(decode_note(GO_TEXT + b"\n" + same_name + same_id + LINE), GO_NAME, GO_PUBLIC_KEY)
    with pytest.raises(InvalidAcknowledgementError) as refused:
        verify_signature(decode_note(GO_TEXT + b"\n" + same_name + same_id), GO_NAME, GO_PUBLIC_KEY)
    assert refused.value.code == "bad-signature"


@pytest.mark.parametrize("signature", [b"s", b"s" * 63, b"s" * 64, b"s" * 65, go_sign(GO_TEXT) + b"\x00"])
def test_our_own_line_with_a_wrong_signature_is_refused(signature: bytes) -> None:
    line = other_line(GO_NAME, key_id(GO_NAME, GO_PUBLIC_KEY), signature)
    with pytest.raises(InvalidAcknowledgementError) as refused:
        verify_signature(decode_note(GO_TEXT + b"\n" + line), GO_NAME, GO_PUBLIC_KEY)
    assert refused.value.code == "bad-signature"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_public_key_of_another_length_never_verifies(length: int) -> None:
    public_key = (GO_PUBLIC_KEY + b"\x00")[:length]
    line = other_line(GO_NAME, key_id(GO_NAME, public_key), go_sign(GO_TEXT))
    with pytest.raises(InvalidAcknowledgementError) as refused:
        verify_signature(decode_note(GO_TEXT + b"\n" + line), GO_NAME, public_key)
    assert refused.value.code == "bad-signature"


def test_the_head_of_a_signed_text_cannot_hide_in_the_signature() -> None:
    # Signature and text are verified as one run of bytes, so only the length keeps them apart.
    line = other_line(GO_NAME, key_id(GO_NAME, GO_PUBLIC_KEY), go_sign(GO_TEXT) + GO_TEXT[:3])
    with pytest.raises(InvalidAcknowledgementError) as refused:
        verify_signature(decode_note(GO_TEXT[3:] + b"\n" + line), GO_NAME, GO_PUBLIC_KEY)
    assert refused.value.code == "bad-signature"


MALFORMED = {
    "nothing": b"",
    "no signatures": GO_TEXT,
    "no signatures after the blank line": GO_TEXT + b"\n",
    "no blank line": GO_TEXT + LINE,
    "no final newline": GO_NOTE[:-1],
    "trailing blank line": GO_NOTE + b"\n",
    "carriage returns": GO_NOTE.replace(b"\n", b"\r\n"),
    "tab": GO_NOTE.replace(b"think ", b"think\t"),
    "nul": GO_NOTE.replace(b"think ", b"think\x00"),
    "not utf-8": GO_NOTE.replace(b"think", b"th\xffnk"),
    "hyphen for the dash": GO_NOTE.replace("\u2014".encode(), b"-"),
    "no space after the dash": GO_NOTE.replace("\u2014 ".encode(), "\u2014".encode()),
    "no name": GO_NOTE.replace(b"PeterNeumann ", b""),
    "empty name": GO_NOTE.replace(b"PeterNeumann", b""),
    "plus in the name": GO_NOTE.replace(b"PeterNeumann", b"Peter+Neumann"),
    "wide space in the name": GO_NOTE.replace(b"PeterNeumann", "Peter\u2003Neumann".encode()),
    "two spaces": GO_NOTE.replace(b"Neumann ", b"Neumann  "),
    "space at the end": GO_NOTE[:-1] + b" \n",
    "no signature": GO_TEXT + b"\n" + "\u2014 PeterNeumann\n".encode(),
    "empty signature": GO_TEXT + b"\n" + "\u2014 PeterNeumann \n".encode(),
    "only a key id": GO_TEXT + b"\n" + other_line(GO_NAME, signature=b""),
    "no padding": GO_NOTE[:-2] + b"\n",
    "set padding bits": GO_NOTE[:-3] + b"N=\n",
    "url letters": GO_NOTE.replace(b"x08go/ZJ", b"x08go_ZJ"),
    "the same key twice": GO_NOTE + LINE,
    "the same key twice, another signature": GO_NOTE + other_line(GO_NAME, key_id(GO_NAME, GO_PUBLIC_KEY)),
    "the same foreign key twice": GO_NOTE + other_line("w") + other_line("w", signature=b"y" * 72),
    "too many signatures": GO_NOTE + b"".join(other_line(f"w{n}") for n in range(SIGNATURES_MAX)),
    "too long": GO_NOTE + other_line("w", signature=b"q" * NOTE_BYTES_MAX),
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_quite_a_note_is_malformed(raw: bytes) -> None:
    with pytest.raises(InvalidAcknowledgementError) as refused:
        decode_note(raw)
    assert refused.value.code == "malformed"


def test_a_note_at_the_limit_of_signatures_is_read() -> None:
    raw = GO_NOTE + b"".join(other_line(f"w{n}") for n in range(SIGNATURES_MAX - 1))
    assert len(decode_note(raw).signatures) == SIGNATURES_MAX


@given(raw=st.binary(max_size=200) | st.text(alphabet="a\n+/= \u2014", max_size=60).map(str.encode))
def test_any_bytes_are_either_refused_or_written_back_the_same(raw: bytes) -> None:
    try:
        note = decode_note(raw)
    except InvalidAcknowledgementError as refused:
        assert refused.code == "malformed"
    else:
        assert encode_note(note) == raw


_names = st.text(max_size=20).filter(is_key_name).filter(lambda name: name.isprintable())
_lines = st.builds(
    NoteSignature,
    name=_names,
    key_id=st.binary(min_size=4, max_size=4),
    signature=st.binary(min_size=1, max_size=100),
)


@given(
    lines=st.lists(_lines, min_size=1, max_size=8, unique_by=lambda line: (line.name, line.key_id)),
    text=st.lists(st.text(alphabet="ab \u00e8", max_size=8), min_size=1, max_size=4),
)
def test_every_note_written_is_read_back(lines: list[NoteSignature], text: list[str]) -> None:
    note = SignedNote(text=("\n".join(text) + "\n").encode(), signatures=tuple(lines))
    assert decode_note(encode_note(note)) == note


@given(data=st.binary(max_size=80))
def test_base64_has_one_form_for_each_value(data: bytes) -> None:
    text = binascii.b2a_base64(data, newline=False)
    assert decode_base64(text) == data
    for wrong in (text + b"\n", b" " + text, text + b"=", text + b"A"):
        with pytest.raises(InvalidAcknowledgementError):
            decode_base64(wrong)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2028b", "a\nb", "a\x7f\x1fb"])
def test_a_key_name_has_no_spaces_plus_signs_or_controls(name: str) -> None:
    assert not is_key_name(name)
