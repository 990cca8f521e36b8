"""Header, end mark and content of a backup: what they are bound to, and what is refused."""

import hashlib
from dataclasses import replace

import pytest

from emla.formats import backup, h1
from emla.formats.backup import BackupContent, BackupHeader
from emla.model.errors import MalformedError
from tests.support.backups import AT, KEY, RECIPIENT

HEADER = BackupHeader(
    authority="at.moj", at=AT, id=bytes(16), kid=RECIPIENT.kid, stanza=bytes(h1.STANZA_BYTES)
)
CONTENT = BackupContent(
    authority="at.moj",
    at=AT,
    software="emla/0.1.0",
    files=3,
    size=17,
    list_sha256=bytes(32),
    checkpoint="",
    missing=0,
)


def test_a_header_comes_back_with_the_place_of_the_stream() -> None:
    encoded = backup.encode_header(HEADER)
    assert backup.decode_header(encoded + b"sealed") == (HEADER, len(encoded))


@pytest.mark.parametrize(
    "other",
    [
        replace(HEADER, authority="jp.moj"),
        replace(HEADER, at=AT + 1),
        replace(HEADER, id=b"\1" * 16),
        replace(HEADER, kid="0" * 32),
    ],
    ids=["authority", "instant", "id", "key"],
)
def test_the_stanza_opens_under_its_own_header_only(other: BackupHeader) -> None:
    stanza = h1.wrap(RECIPIENT.public, bytes(32), backup.binding_of(HEADER))
    assert KEY.unwrap(stanza, backup.binding_of(HEADER)) == bytes(32)
    assert KEY.unwrap(stanza, backup.binding_of(other)) is None


@pytest.mark.parametrize("cut", [0, 5, len(backup.MAGIC), len(backup.MAGIC) + 3, len(backup.MAGIC) + 40])
def test_a_header_that_was_cut_is_refused(cut: int) -> None:
    with pytest.raises(MalformedError):
        backup.decode_header(backup.encode_header(HEADER)[:cut])


def test_another_version_says_so() -> None:
    with pytest.raises(MalformedError) as caught:
        backup.decode_header(backup.encode_header(HEADER).replace(b"backup 1", b"backup 2"))
    assert "this version" in caught.value.detail


def test_the_end_mark_comes_back_and_nothing_else_is_one() -> None:
    digest = hashlib.sha256(b"x").digest()
    mark = backup.encode_end(1, digest)
    assert len(mark) == backup.END_BYTES
    assert backup.decode_end(mark) == (1, digest)
    for wrong in (mark[1:], mark + b"\0", b"x" + mark[1:], b""):
        with pytest.raises(MalformedError):
            backup.decode_end(wrong)


def test_the_content_comes_back() -> None:
    assert backup.decode_content(backup.encode_content(CONTENT)) == CONTENT
