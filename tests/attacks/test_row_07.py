"""Row 7. Low-order X25519 point in a stanza or key.

Expected: typed error, worker alive (the library's RuntimeError is caught).
"""

import pytest

from emla.formats import documents, h1
from emla.formats.binding import key_id
from emla.formats.strict_json import encode_octets
from emla.model.errors import MalformedError
from tests.support.authorities import Tampering, build, changed, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")
PRIME = 2**255 - 19
LOW_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (PRIME - 1).to_bytes(32, "little"),
    PRIME.to_bytes(32, "little"),
    (PRIME + 1).to_bytes(32, "little"),
    (2**255 - 1 + 1).to_bytes(32, "little"),
]
LATTICE_BYTES, STANZA_LATTICE_BYTES = 1184, 1088


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
def test_a_low_order_point_in_a_stanza_is_a_stanza_that_does_not_open(point: bytes) -> None:
    def lie(stanza: bytes) -> bytes:
        return stanza[:STANZA_LATTICE_BYTES] + point + stanza[STANZA_LATTICE_BYTES + 32 :]

    package = build(AT, DE, tampering=Tampering(stanza=lie))
    assert receive(package, DE, AT) == "stanza-mismatch"
    # The worker lives: the next package opens.
    assert not isinstance(receive(build(AT, DE), DE, AT), str)


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
def test_a_low_order_point_in_a_key_spoils_the_card(point: bytes) -> None:
    public = DE.seal.public[:LATTICE_BYTES] + point
    assert not h1.is_valid_public(public)
    card = documents.encode_card(DE.authority.card)
    lie = {"keys.2.public": encode_octets(public), "keys.2.kid": key_id("h1", public)}
    documents.decode_card(card)
    with pytest.raises(MalformedError):
        documents.decode_card(changed(card, {**lie}))
