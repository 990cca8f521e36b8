"""Row 41. Root N+1 signed only by N or only by N+1; same key twice to reach threshold.

Expected: refused.
"""

from dataclasses import replace

import pytest

from emla.formats import documents as form
from emla.formats import dsse, ed1
from emla.formats.strict_json import Json, encode_octets
from emla.model.errors import InvalidDocumentError
from emla.model.signed import PayloadType
from emla.steps.trust import RootPin, trust_documents
from tests.support.authorities import changed, party
from tests.support.standing import rotated

AT = party("at.moj")
GOOD, FRESH = rotated(AT)
PIN = RootPin(version=1, sha256=AT.authority.root_sha256)
PAYLOAD = form.decode_signed(GOOD.roots[1], PayloadType.ROOT).payload


def verdict(second: bytes) -> str:
    try:
        trust_documents(replace(GOOD, roots=(GOOD.roots[0], second)), PIN)
    except InvalidDocumentError as error:
        return error.code
    return "success"


@pytest.mark.parametrize(
    ("signers", "expected"),
    [
        ((*AT.roots[:2], *FRESH[:2]), "success"),
        ((*AT.roots[1:], *FRESH[1:]), "success"),
        (AT.roots, "invalid-document"),
        (FRESH, "invalid-document"),
        ((AT.roots[0], *FRESH), "invalid-document"),
        ((*AT.roots, FRESH[0]), "invalid-document"),
        ((AT.sign, AT.ledger, *FRESH), "invalid-document"),
    ],
)
def test_a_new_root_needs_the_threshold_of_both(signers: tuple[ed1.SigningKey, ...], expected: str) -> None:
    assert verdict(dsse.sign(PayloadType.ROOT, PAYLOAD, *signers)) == expected


def listed(kid: str, sig: bytes) -> Json:
    return {"keyid": kid, "sig": encode_octets(sig)}


def test_one_key_signs_once() -> None:
    signed = dsse.sign(PayloadType.ROOT, PAYLOAD, AT.roots[0], *FRESH[:2])
    good = dsse.decode(signed, PayloadType.ROOT, 65536).signatures
    both = [listed(each.kid, each.sig) for each in good]
    repeated: Json = [*both, both[0]]
    assert verdict(changed(signed, {"signatures": repeated})) == "invalid-document"
    # Under another key's name the same signature does not verify.
    lent: Json = [*both, listed(AT.roots[1].kid, good[0].sig)]
    assert verdict(changed(signed, {"signatures": lent})) == "invalid-document"


def test_a_root_does_not_list_one_key_twice_to_make_two_of_it() -> None:
    first = form.encode_root(AT.authority.root)
    key = AT.roots[0]
    twice = changed(first, {"keys.1.kid": key.kid, "keys.1.public": encode_octets(key.public)})
    root = dsse.sign(PayloadType.ROOT, twice, key)
    with pytest.raises(InvalidDocumentError) as caught:
        trust_documents(replace(AT.authority.documents, roots=(root,)))
    assert caught.value.code == "invalid-document"
