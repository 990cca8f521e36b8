"""Row 5. Small-order or non-canonical Ed25519 key in a document.

Expected: document rejected.
"""

import pytest

from emla.formats import approval, documents
from emla.formats.binding import key_id
from emla.formats.strict_json import encode_octets
from emla.model.errors import MalformedError
from tests.support.authorities import changed, party
from tests.support.standing import officers_of

AT = party("at.moj")
ROOT, CARD = documents.encode_root(AT.authority.root), documents.encode_card(AT.authority.card)
OFFICERS = approval.encode_officers(officers_of("at.moj", "A", "B"))
PRIME = 2**255 - 19
ORDER_8 = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
WEAK = {
    "order 1": (1).to_bytes(32, "little"),
    "order 2": (PRIME - 1).to_bytes(32, "little"),
    "order 4": bytes(32),
    "order 8": ORDER_8,
    "order 1, not canonical": (PRIME + 1).to_bytes(32, "little"),
    "order 4, not canonical": PRIME.to_bytes(32, "little"),
    "y above the prime": (PRIME + 3).to_bytes(32, "little"),
    "no point": (2).to_bytes(32, "little"),
    "one byte short": AT.sign.public[:31],
    "one byte long": AT.sign.public + b"\0",
}


@pytest.mark.parametrize("public", WEAK.values(), ids=WEAK)
def test_a_weak_key_under_its_right_id_spoils_every_document_that_lists_it(public: bytes) -> None:
    key = {"kid": key_id("ed1", public), "public": encode_octets(public)}
    for read, good, place in (
        (documents.decode_root, ROOT, "keys.1"),
        (documents.decode_card, CARD, "keys.0"),
        (documents.decode_card, CARD, "keys.1"),
        (approval.decode_officers, OFFICERS, "officers.1"),
    ):
        read(good)
        with pytest.raises(MalformedError):
            read(changed(good, {f"{place}.{name}": value for name, value in key.items()}))
