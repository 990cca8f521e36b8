"""Several acknowledgement bundles in one call, and what became of each (docs/spec/wire.md).

Request: each bundle as a 4-byte big-endian length and its bytes. Answer: strict JSON, one outcome a bundle, in the same order:
``ok`` when it is durable there, else a catalogued code.
"""

import re
from collections.abc import Sequence

from emla.formats import strict_json
from emla.formats.strict_json import Members
from emla.model.errors import MalformedError
from emla.model.limits import WIRE

VERSION = 1
OK = "ok"
_LENGTH_BYTES = 4
_OUTCOME = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
_ANSWER_BYTES_MAX = 4096


def encode(bundles: Sequence[bytes]) -> bytes:
    """Encode the request."""
    return b"".join(len(bundle).to_bytes(_LENGTH_BYTES, "big") + bundle for bundle in bundles)


def decode(data: bytes) -> tuple[bytes, ...]:
    """Decode the request.

    Raises:
        MalformedError: no bundle, too many, one too long, or bytes left over.
    """
    bundles: list[bytes] = []
    start = 0
    while start < len(data):
        length = int.from_bytes(data[start : start + _LENGTH_BYTES], "big")
        begin = start + _LENGTH_BYTES
        start = begin + length
        if not 0 < length <= WIRE.bundle_bytes or start > len(data) or len(bundles) == WIRE.bundles:
            raise MalformedError("The body is not a row of bundles.")
        bundles.append(data[begin:start])
    if not bundles:
        raise MalformedError("The body has no bundle.")
    return tuple(bundles)


def encode_outcomes(outcomes: Sequence[str]) -> bytes:
    """Encode the answer."""
    return strict_json.encode({"v": VERSION, "outcomes": list(outcomes)})


def decode_outcomes(data: bytes, count: int) -> tuple[str, ...]:
    """Decode the answer to a request of `count` bundles.

    Raises:
        MalformedError: not an answer, or not one outcome for each bundle.
    """
    members = Members(strict_json.decode(data, _ANSWER_BYTES_MAX), "outcomes")
    members.integer("v", VERSION, VERSION)
    outcomes = members.texts("outcomes", WIRE.bundles, _OUTCOME)
    members.extensions()
    members.finish()
    if len(outcomes) != count:
        raise MalformedError("Not one outcome for each bundle.")
    return outcomes
