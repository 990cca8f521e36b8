"""Row 14. Drop last chunk; drop last flag; duplicate, swap, insert chunks.

Expected: opener fails, nothing released.
"""

from collections.abc import Callable

import pytest

from emla.formats import cc1, header
from emla.model.package import PartRole
from tests.support.authorities import MAIN, Parts, Tampering, build, derived, party, secrets_of
from tests.support.receiving import receive
from tests.vectors.cases_encoding import ChaCha

AT, DE = party("at.moj"), party("de.bfj")
PARTS: Parts = (
    (PartRole.MAIN, "application/xml", "request.xml", MAIN),
    (PartRole.ANNEX, "application/octet-stream", "capture", derived("capture", length=150_000)),
)
SECRET = secrets_of(AT.id, DE.id, 1)
KEY = header.payload_key(SECRET.cek, header.payload_binding(cc1.NAME, AT.id, SECRET.payload_id))
FULL = cc1.CHUNK_BYTES + cc1.TAG_BYTES


def chunks(payload: bytes) -> list[bytes]:
    return [payload[start : start + FULL] for start in range(0, len(payload), FULL)]


def plain(payload: bytes) -> bytes:
    stream = cc1.open_all(KEY, payload)
    assert stream is not None
    return stream


def last_dropped(payload: bytes) -> bytes:
    return b"".join(chunks(payload)[:-1])


def flag_dropped(payload: bytes) -> bytes:
    pieces = chunks(payload)
    last = len(pieces) - 1
    return b"".join(pieces[:-1]) + ChaCha(KEY).seal(last, plain(payload)[last * cc1.CHUNK_BYTES :])


def flag_too_early(payload: bytes) -> bytes:
    first = ChaCha(KEY).seal(0, plain(payload)[: cc1.CHUNK_BYTES], last=True)
    return first + b"".join(chunks(payload)[1:])


def doubled(payload: bytes) -> bytes:
    one, _, *rest = chunks(payload)
    return one + one + b"".join(rest)


def swapped(payload: bytes) -> bytes:
    one, two, *rest = chunks(payload)
    return two + one + b"".join(rest)


def inserted(payload: bytes) -> bytes:
    one, *rest = chunks(payload)
    return one + one + b"".join(rest)


def removed(payload: bytes) -> bytes:
    one, _, *rest = chunks(payload)
    return one + b"".join(rest)


def cut_to_one_sealed_as_last(payload: bytes) -> bytes:
    return ChaCha(KEY).seal(0, plain(payload)[: cc1.CHUNK_BYTES], last=True)


def test_untouched_the_package_opens() -> None:
    assert not isinstance(receive(build(AT, DE, parts=PARTS), DE, AT), str)


@pytest.mark.parametrize(
    "change", [last_dropped, flag_dropped, flag_too_early, doubled, swapped, inserted, removed]
)
def test_chunks_cannot_be_dropped_doubled_swapped_or_added(change: Callable[[bytes], bytes]) -> None:
    package = build(AT, DE, parts=PARTS, tampering=Tampering(payload=change))
    assert receive(package, DE, AT) == "chunk-damaged"


def test_a_stream_cut_short_by_its_own_sender_has_no_manifest() -> None:
    package = build(AT, DE, parts=PARTS, tampering=Tampering(payload=cut_to_one_sealed_as_last))
    assert receive(package, DE, AT) == "manifest-mismatch"
