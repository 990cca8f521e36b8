"""Row 3. Signature valid but kid belongs to another authority.

Expected: bad-signature.
"""

from tests.support.authorities import Tampering, build, changed, party
from tests.support.receiving import receive

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


def test_a_good_signature_of_another_pinned_authority_is_none_of_the_sender() -> None:
    assert receive(build(AT, DE, signer=HK.sign), DE, AT, HK) == "bad-signature"


def test_naming_the_senders_kid_over_a_foreign_signature_does_not_help() -> None:
    lie = Tampering(signed=lambda data: changed(data, {"signatures.0.keyid": AT.sign.kid}))
    assert receive(build(AT, DE, signer=HK.sign, tampering=lie), DE, AT, HK) == "bad-signature"


def test_a_root_key_or_the_ledger_key_signs_no_package() -> None:
    assert receive(build(AT, DE, signer=AT.roots[0]), DE, AT) == "bad-signature"
    assert receive(build(AT, DE, signer=AT.ledger), DE, AT) == "bad-signature"


def test_a_foreign_authority_cannot_write_the_senders_name() -> None:
    lie = Tampering(header={"from": AT.id})
    assert receive(build(HK, DE, tampering=lie), DE, AT, HK) == "bad-signature"
