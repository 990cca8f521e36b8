import hashlib
import struct
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from emla.bootstrap.sample import CAPTURE_BYTES, CAPTURE_NAME, write_capture, write_sample
from emla.model.limits import XmlLimits
from emla.steps.validate import check_parts, validate
from tests.support.court_order import documents
from tests.support.sample_case import S01, s01, schemas, validated

MESSAGE_ID = bytes.fromhex("6f1c0a9de25b47c38b1f6a0d94e7c215")
CASE_ID = bytes.fromhex("b84e19d07a3c4f62a5d8017fce93b640")
ISSUED_AT = datetime(2026, 6, 22, 7, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("capture") / CAPTURE_NAME
    write_capture(path)
    return path.read_bytes()


def parts_in(folder: Path) -> list[tuple[str, int, bytes]]:
    files = [path for path in folder.iterdir() if path.suffix != ".xml"]
    return [(p.name, p.stat().st_size, hashlib.sha256(p.read_bytes()).digest()) for p in files]


def test_the_committed_request_is_what_the_generator_writes(tmp_path: Path) -> None:
    path = write_sample(
        tmp_path,
        sender="jp.moj",
        recipient="nl.moj",
        issued_at=ISSUED_AT,
        message_id=MESSAGE_ID,
        case_id=CASE_ID,
    )
    assert path.read_bytes() == s01()
    assert check_parts(validated(s01()).message, parts_in(tmp_path)) == ()


def test_ids_parties_and_dates_are_filled_in(tmp_path: Path) -> None:
    issued_at = datetime(2026, 12, 1, 1, 30, tzinfo=timezone(timedelta(hours=9)))
    path = write_sample(
        tmp_path,
        sender="kr.moj",
        recipient="be.moj",
        issued_at=issued_at,
        message_id=b"\x01" * 15 + b"\x02",
        case_id=CASE_ID,
    )
    valid = validate(
        path.read_bytes(), schemas=schemas(), limits=XmlLimits(), sender="kr.moj", recipient="be.moj"
    )
    assert valid.message.message_id == b"\x01" * 15 + b"\x02"
    assert valid.message.issued_at == issued_at
    text = path.read_text(encoding="utf-8")
    assert "<CountryCode>KR</CountryCode>\n   <AuthorityId>kr.moj" in text
    assert "<PreservedUntil>2027-01-29<" in text
    assert "<SigningDate>2026-11-30<" in text
    assert check_parts(valid.message, parts_in(tmp_path)) == ()


def test_the_court_order_is_what_its_text_makes() -> None:
    for name, content in documents().items():
        assert (S01 / name).read_bytes() == content
        assert content.startswith(b"%PDF-1.5")
        start = int(content.rsplit(b"startxref\n", 1)[1].split(b"\n", 1)[0])
        assert content[start:].startswith(b"xref\n")
        table = content[start:].split(b"\n")[3:]
        for number, line in enumerate((line for line in table if line.endswith(b" n ")), 1):
            assert content[int(line[:10]) :].startswith(b"%d 0 obj\n" % number)


def test_the_capture_has_exactly_its_size_and_is_made_of_whole_packets(capture: bytes) -> None:
    assert len(capture) == CAPTURE_BYTES
    assert struct.unpack("<IHHiIII", capture[:24]) == (0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    position, times = 24, []
    while position < len(capture):
        seconds, microseconds, kept, length = struct.unpack("<IIII", capture[position : position + 16])
        assert 0 < kept == length <= 65535
        times.append((seconds, microseconds))
        position += 16 + kept
    assert position == len(capture)
    assert times == sorted(set(times))
    assert len(times) > 14_000


def words_add_up(data: bytes) -> bool:
    """A checksum is right when all words, itself included, add up to ones (RFC 1071)."""
    data += b"\x00" * (len(data) % 2)
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    return total % 0xFFFF == 0 and total > 0


def test_the_checksums_of_the_packets_are_right(capture: bytes) -> None:
    record = 16 + 14 + 40 + 1400
    for start in (24, 24 + record, 24 + 9999 * record, 24 + (CAPTURE_BYTES - 24) // record * record):
        length = struct.unpack("<I", capture[start + 8 : start + 12])[0]
        packet = capture[start + 16 + 14 : start + 16 + length]
        assert words_add_up(packet[:20])
        assert words_add_up(packet[12:20] + struct.pack(">BBH", 0, 6, len(packet) - 20) + packet[20:])
