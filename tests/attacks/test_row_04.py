"""Row 4. kid present twice, alg field added by attacker.

Expected: malformed; alg ignored, never trusted.
"""

from base64 import urlsafe_b64encode

import pytest

from emla.formats import header
from emla.formats.strict_json import Json
from tests.support.authorities import Tampering, build, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")


def listed(sig: bytes) -> Json:
    return {"keyid": AT.sign.kid, "sig": urlsafe_b64encode(sig).rstrip(b"=").decode()}


@pytest.mark.parametrize("good_first", [True, False])
def test_a_key_listed_twice_is_malformed_wherever_the_good_signature_stands(*, good_first: bool) -> None:
    sig = header.decode_signed(build(AT, DE).signed).signatures[0].sig
    pair = [listed(sig), listed(bytes(64))]
    both: Json = [*(pair if good_first else reversed(pair))]
    assert receive(build(AT, DE, tampering=Tampering(envelope={"signatures": both})), DE, AT) == "malformed"


@pytest.mark.parametrize("place", ["alg", "signatures.0.alg"])
@pytest.mark.parametrize("alg", ["none", "ed1", "HS256"])
def test_an_algorithm_named_by_the_message_is_malformed(place: str, alg: str) -> None:
    assert receive(build(AT, DE, tampering=Tampering(envelope={place: alg})), DE, AT) == "malformed"
