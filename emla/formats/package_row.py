"""Several small packages in one call, and what became of each (docs/spec/wire.md).

Request: each package as the 4-byte big-endian lengths of header and payload, then their bytes. Answer: for each package, in the
same order, one byte (1: a bundle, 0: a code), a 4-byte big-endian length, and the bundle's bytes or the code of the refusal.
"""

import re
from collections.abc import Sequence
from struct import Struct

from emla.model.errors import MalformedError
from emla.model.limits import WIRE

_LENGTHS = Struct(">II")
_OUTCOME = Struct(">BI")
_CODE = re.compile(rb"[a-z][a-z0-9-]{1,39}")
FRAME_BYTES = _LENGTHS.size
ANSWER_BYTES_MAX = WIRE.packages * (_OUTCOME.size + WIRE.bundle_bytes)


def encode(packages: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Encode the request: signed header and payload of each package."""
    pieces: list[bytes] = []
    for signed, payload in packages:
        pieces += (_LENGTHS.pack(len(signed), len(payload)), signed, payload)
    return b"".join(pieces)


def decode(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Decode the request.

    Raises:
        MalformedError: no package, too many, a header too long, or bytes left over.
    """
    packages: list[tuple[bytes, bytes]] = []
    start = 0
    while start < len(data):
        begin = start + _LENGTHS.size
        if begin > len(data) or len(packages) == WIRE.packages:
            raise MalformedError("The body is not a row of packages.")
        header, payload = _LENGTHS.unpack_from(data, start)
        start = begin + header + payload
        if not 0 < header <= WIRE.header_bytes or not payload or start > len(data):
            raise MalformedError("The body is not a row of packages.")
        packages.append((data[begin : begin + header], data[begin + header : start]))
    if not packages:
        raise MalformedError("The body has no package.")
    return tuple(packages)


def encode_answer(outcomes: Sequence[bytes | str]) -> bytes:
    """Encode the answer: a bundle, or the code of a refusal, for each package."""
    pieces: list[bytes] = []
    for outcome in outcomes:
        body = outcome.encode("ascii") if isinstance(outcome, str) else outcome
        pieces += (_OUTCOME.pack(not isinstance(outcome, str), len(body)), body)
    return b"".join(pieces)


def decode_answer(data: bytes, count: int) -> tuple[bytes | str, ...]:
    """Decode the answer to a request of `count` packages.

    Raises:
        MalformedError: not an answer, or not one outcome for each package.
    """
    outcomes: list[bytes | str] = []
    start = 0
    while start < len(data):
        begin = start + _OUTCOME.size
        if begin > len(data) or len(outcomes) == count:
            raise MalformedError("Not one outcome for each package.")
        kind, length = _OUTCOME.unpack_from(data, start)
        start = begin + length
        body = data[begin:start]
        if kind > 1 or start > len(data) or not (kind or _CODE.fullmatch(body)):
            raise MalformedError("The answer is not a row of outcomes.")
        outcomes.append(body if kind else body.decode("ascii"))
    if len(outcomes) != count:
        raise MalformedError("Not one outcome for each package.")
    return tuple(outcomes)
