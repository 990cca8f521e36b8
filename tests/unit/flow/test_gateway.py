"""What journeys share: payloads that were just committed are held for a while, bounded by bytes, each once."""

from emla.flow.gateway import FreshPayloads

MEBIBYTE = 1024 * 1024


def test_a_fresh_payload_is_taken_once() -> None:
    fresh = FreshPayloads()
    fresh.put(b"a", b"payload")
    assert fresh.take(b"a") == b"payload"
    assert fresh.take(b"a") is None


def test_the_oldest_are_forgotten_when_there_are_too_many_bytes() -> None:
    fresh = FreshPayloads()
    for number in range(40):
        fresh.put(b"%d" % number, bytes(MEBIBYTE))
    assert fresh.take(b"0") is None
    assert fresh.take(b"39") == bytes(MEBIBYTE)
    assert sum(fresh.take(b"%d" % number) is not None for number in range(40)) == 15


def test_the_same_payload_again_and_again_takes_no_more_room() -> None:
    fresh = FreshPayloads()
    for _ in range(100):
        fresh.put(b"a", bytes(MEBIBYTE))
    assert fresh.take(b"a") == bytes(MEBIBYTE)
    fresh.put(b"b", b"another")
    assert fresh.take(b"b") == b"another"
