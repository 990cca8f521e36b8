"""Row 18. Unknown member, unknown crit, duplicate JSON key, NaN, 1e999, lone surrogate, depth 10k.

Expected: malformed, < 10 ms (the time is printed, not asserted).
"""

import time
from collections.abc import Callable

import pytest

from tests.support.authorities import Tampering, build, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")


def put(member: bytes) -> Callable[[bytes], bytes]:
    return lambda data: b"{" + member + b"," + data[1:]


@pytest.mark.parametrize(
    "member",
    [
        b'"x":1',
        b'"ext":{"x":1},"crit":["x"]',
        b'"crit":["x"]',
        b'"seq":1',
        b'"ext":{"x":NaN}',
        b'"ext":{"x":1e999}',
        b'"ext":{"x":-Infinity}',
        b'"ext":{"x":1.5}',
        b'"ext":{"x":null}',
        b'"ext":{"x":9007199254740992}',
        b'"ext":{"x":"\\ud800"}',
        b'"ext":{"\\udfff":1}',
        b'"ext":{"a":1,"\\u0061":1}',
        b'"ext":{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'"ext":{"x":' + b"[" * 40_000,
        b'"ext":' + b'{"x":' * 5000 + b"1" + b"}" * 5000,
    ],
    ids=range(16),
)
def test_what_is_not_strict_json_is_malformed_though_the_sender_signed_it(member: bytes) -> None:
    package = build(AT, DE, tampering=Tampering(header_bytes=put(member)))
    begun = time.perf_counter()
    assert receive(package, DE, AT) == "malformed"
    print(f"{(time.perf_counter() - begun) * 1000:.2f} ms")


def test_the_same_place_takes_what_is_allowed_there() -> None:
    package = build(AT, DE, tampering=Tampering(header_bytes=put(b'"ext":{"x":[1]},"crit":[]')))
    assert not isinstance(receive(package, DE, AT), str)
