"""The memory of nonces: once each, forgotten when the call expires, bounded for each authority."""

import pytest

from emla.flow import nonces
from emla.flow.nonces import Nonces
from emla.model.call import CallSignature
from emla.model.errors import TransportError
from tests.support.authorities import NOW, derived


class Clock:
    """A wall clock that stands still until it is set."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        return self.at


def _signature(number: int, created: int = NOW, life: int = 120) -> CallSignature:
    nonce = derived("nonce", number, length=16)
    return CallSignature(created=created, expires=created + life, nonce=nonce, kid="0" * 32)


def test_a_nonce_is_good_once_for_each_authority() -> None:
    memory = Nonces(lambda: NOW)
    assert not memory.seen("at.moj", _signature(1))
    assert memory.seen("at.moj", _signature(1))
    assert not memory.seen("de.bfj", _signature(1))


def test_calls_from_before_the_memory_began_count_as_seen() -> None:
    assert Nonces(lambda: NOW).seen("at.moj", _signature(1, created=NOW - 1))


def test_one_authority_with_too_many_calls_shuts_out_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nonces, "NONCES_MAX", 3)
    clock = Clock()
    memory = Nonces(clock.now)
    for number in range(3):
        assert not memory.seen("at.moj", _signature(number, life=200 - number))
    with pytest.raises(TransportError) as caught:
        memory.seen("at.moj", _signature(3))
    assert caught.value.code == "busy"
    assert memory.seen("at.moj", _signature(0)), "what is in its time is not forgotten to make room"
    assert not memory.seen("de.bfj", _signature(0))
    clock.at = NOW + 199
    assert not memory.seen("at.moj", _signature(4, created=clock.at))
