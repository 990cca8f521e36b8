"""Acts at rest: they open with the key and the package they were sealed for, and with nothing else."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from emla.formats.act_at_rest import ACT_BYTES_MAX, RELATED_MAX, open_act, seal_act
from emla.model.legal_act import AskedMeasure, LegalAct

KEY, NONCE, PID = bytes(range(32)), bytes(24), bytes(32)
ACT = LegalAct(
    message_id=bytes(16),
    case_id=bytes(range(16)),
    digest=bytes(32),
    message_type="MLARequest",
    generation=1,
    issued_at=datetime(2026, 6, 22, 7, 30, tzinfo=UTC),
    sender="jp.moj",
    recipient="nl.moj",
    relates_to=((bytes(16), "FOLLOWS_PRESERVATION"),),
    asked=(AskedMeasure(measure_id="M1", kind="SEARCH_SEIZURE"),),
)


def sealed(act: LegalAct = ACT) -> bytes:
    kept = seal_act(act, content_key=KEY, nonce=NONCE, pid=PID)
    assert kept is not None
    assert (kept.case_id, kept.related) == (act.case_id, act.relates_to)
    return kept.sealed


def test_an_act_comes_back_as_it_was() -> None:
    assert open_act(sealed(), content_key=KEY, pid=PID) == ACT


@pytest.mark.parametrize(
    ("key", "pid"), [(bytes(32), PID), (KEY, bytes(31) + b"\1")], ids=["another key", "another package"]
)
def test_with_another_key_or_package_it_does_not_open(key: bytes, pid: bytes) -> None:
    assert open_act(sealed(), content_key=key, pid=pid) is None


def test_damaged_bytes_do_not_open() -> None:
    good = sealed()
    for place in range(0, len(good), 7):
        assert (
            open_act(good[:place] + bytes((good[place] ^ 1,)) + good[place + 1 :], content_key=KEY, pid=PID)
            is None
        )
    assert open_act(good[:30], content_key=KEY, pid=PID) is None


def test_what_an_earlier_version_sealed_without_a_member_can_be_read() -> None:
    members = msgspec.msgpack.decode(msgspec.msgpack.encode(ACT))
    del members["asked"]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(members), type=LegalAct) == replace(ACT, asked=())


def test_nothing_is_sealed_that_a_case_cannot_be_computed_from() -> None:
    many = tuple(AskedMeasure(measure_id=f"M{n}", kind="S" * 64) for n in range(ACT_BYTES_MAX // 64))
    assert seal_act(replace(ACT, asked=many), content_key=KEY, nonce=NONCE, pid=PID) is None
    related = ((bytes(16), "CONSEQUENCE"),) * (RELATED_MAX + 1)
    assert seal_act(replace(ACT, relates_to=related), content_key=KEY, nonce=NONCE, pid=PID) is None


def test_nothing_of_it_is_in_the_clear() -> None:
    for word in (b"jp.moj", b"MLARequest", b"SEARCH_SEIZURE", ACT.case_id):
        assert word not in sealed()
