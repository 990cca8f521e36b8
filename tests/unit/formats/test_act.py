"""Acts: round trips, and the acts that are none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats.act import decode_act, encode_act
from emla.model.act import ACT_LIFE_SECONDS, DOES, FACTS, Act, ActKind
from emla.model.errors import MalformedError
from tests.support.authorities import NOW, Changes, changed, derived
from tests.support.strategies import mutated

ACT = Act(
    authority="at.moj",
    kind=ActKind.LEG_CLOSE,
    facts={"pid": "ab" * 32, "peer": "de.bfj", "reason": "The case is over.", "attempts": 7},
    at=NOW,
    nonce=derived("nonce", length=16),
)
PAYLOAD = encode_act(ACT)


def test_an_act_is_read_as_it_was_written() -> None:
    assert decode_act(PAYLOAD) == ACT


def test_every_kind_has_its_facts_and_its_words() -> None:
    assert set(FACTS) == set(DOES) == set(ActKind)


@given(st.data())
def test_mutated_bytes_are_an_act_or_malformed(data: st.DataObject) -> None:
    with suppress(MalformedError):
        decode_act(data.draw(mutated(PAYLOAD)))


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"kind": "leg.open"},
        {"facts.reason": " "},
        {"facts.pid": True},
        {"facts.pid": []},
        {"facts.peer": "de\u202ebfj"},
        {"facts.reason": "x" * 501},
        {"facts": {"pid": "ab", "peer": "de.bfj"}},
        {"facts": {f"n{each}": each for each in range(33)}},
        {"nonce": "AAAA"},
        {"at": -1},
        {"x": 1},
    ],
)
def test_an_act_that_is_none_is_malformed(changes: Changes) -> None:
    with pytest.raises(MalformedError):
        decode_act(changed(PAYLOAD, changes))


def test_an_act_lapses_after_seven_days() -> None:
    assert not ACT.lapsed(NOW + ACT_LIFE_SECONDS)
    assert ACT.lapsed(NOW + ACT_LIFE_SECONDS + 1)
