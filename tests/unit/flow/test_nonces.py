"""The memory of nonces: once each, forgotten when the call expires, bounded for each authority."""

import pytest

from emla.flow.hub import nonces
from emla.flow.hub.nonces import Nonces
from emla.model.call import CallSignature
from emla.model.errors import TransportError
from tests.support.authorities import NOW, derived


class Clock:
    """A clock that stands still until it is set or time passes."""

    def __init__(self) -> None:
        self.at = float(NOW)
        self.passed = 0.0

    def now(self) -> float:
        return self.at

    def steady(self) -> float:
        return self.passed

    def pass_by(self, seconds: float) -> None:
        """Time passes."""
        self.at += seconds
        self.passed += seconds


def _signature(number: int, created: int = NOW, life: int = 120) -> CallSignature:
    nonce = derived("nonce", number, length=16)
    return CallSignature(created=created, expires=created + life, nonce=nonce, kid="0" * 32)


def test_a_nonce_is_good_once_for_each_authority() -> None:
    memory = Nonces(Clock())
    assert not memory.seen("at.moj", _signature(1))
    assert memory.seen("at.moj", _signature(1))
    assert not memory.seen("de.bfj", _signature(1))


def test_calls_from_before_the_memory_began_count_as_seen() -> None:
    clock = Clock()
    memory = Nonces(clock)
    assert memory.seen("at.moj", _signature(1, created=NOW - 1))
    clock.pass_by(60.0)
    assert memory.seen("at.moj", _signature(2, created=NOW - 1))
    assert not memory.seen("at.moj", _signature(3, created=NOW))


def test_a_clock_that_was_fast_at_the_start_and_was_set_right_refuses_nobody() -> None:
    """Found by the simulation: a hub answered everybody 'replayed-call' for as long as its clock had been ahead."""
    clock = Clock()
    clock.at += 86400.0
    memory = Nonces(clock)
    clock.pass_by(30.0)
    clock.at -= 86400.0
    assert not memory.seen("at.moj", _signature(1, created=NOW + 1))
    assert memory.seen("at.moj", _signature(1, created=NOW + 1))
    assert memory.seen("at.moj", _signature(2, created=NOW - 1)), "signed before the memory began"


def test_one_authority_with_too_many_calls_shuts_out_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nonces, "NONCES_MAX", 3)
    clock = Clock()
    memory = Nonces(clock)
    for number in range(3):
        assert not memory.seen("at.moj", _signature(number, life=200 - number))
    with pytest.raises(TransportError) as caught:
        memory.seen("at.moj", _signature(3))
    assert caught.value.code == "busy"
    assert memory.seen("at.moj", _signature(0)), "what is in its time is not forgotten to make room"
    assert not memory.seen("de.bfj", _signature(0))
    clock.pass_by(199.0)
    assert not memory.seen("at.moj", _signature(4, created=NOW + 199))
