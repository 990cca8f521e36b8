"""Row 15. Valid chunk appended after the last.

Expected: size formula and last flag fail.
"""

from collections.abc import Callable

import pytest

from emla.formats import cc1, header
from emla.model.package import PartRole
from tests.support.authorities import Parts, Tampering, build, party, secrets_of
from tests.support.receiving import receive
from tests.vectors.cases_encoding import ChaCha

AT, DE = party("at.moj"), party("de.bfj")
SECRET = secrets_of(AT.id, DE.id, 1)
CIPHER = ChaCha(header.payload_key(SECRET.cek, header.payload_binding(cc1.NAME, AT.id, SECRET.payload_id)))


def appended_to_a_short_one(payload: bytes) -> bytes:
    return payload + CIPHER.seal(1, b"more", last=True)


def empty_appended(payload: bytes) -> bytes:
    return payload + CIPHER.seal(1, b"", last=True)


def byte_appended(payload: bytes) -> bytes:
    return payload + b"\0"


@pytest.mark.parametrize("change", [appended_to_a_short_one, empty_appended, byte_appended])
def test_nothing_follows_the_last_chunk(change: Callable[[bytes], bytes]) -> None:
    package = build(AT, DE, tampering=Tampering(payload=change))
    assert receive(package, DE, AT) == "chunk-damaged"


def test_nothing_follows_a_last_chunk_that_is_full() -> None:
    # 65,536 is a Padme length, so this stream ends where its chunk ends.
    room = cc1.CHUNK_BYTES - len(build(AT, DE).manifest) - 4 - 60
    parts: Parts = ((PartRole.MAIN, "application/xml", "request.xml", b"x" * room),)
    full = build(AT, DE, parts=parts)
    assert len(full.stream) == cc1.CHUNK_BYTES
    assert not isinstance(receive(full, DE, AT), str)
    lie = Tampering(payload=lambda data: data + CIPHER.seal(1, b"more", last=True))
    # The manifest is looked for at the end, so it is missed first; what was the last chunk is damaged anyway.
    assert receive(build(AT, DE, parts=parts, tampering=lie), DE, AT) == "manifest-mismatch"
    lie = Tampering(
        payload=lambda data: data + CIPHER.seal(1, full.stream[-len(full.manifest) - 4 :], last=True)
    )
    assert receive(build(AT, DE, parts=parts, tampering=lie), DE, AT) in {"part-mismatch", "chunk-damaged"}
    lie = Tampering(payload=empty_appended)
    assert receive(build(AT, DE, parts=parts, tampering=lie), DE, AT) == "chunk-damaged"


def test_the_size_formula_knows_every_size_around_a_chunk() -> None:
    sealed = {cc1.sealed_size(size): size for size in range(3 * cc1.CHUNK_BYTES)}
    for size in range(-5, cc1.sealed_size(3 * cc1.CHUNK_BYTES - 1) + 1):
        assert cc1.stream_size(size) == sealed.get(size)
