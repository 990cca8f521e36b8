"""Row 46. One root key revokes; one root key tries to add.

Expected: first works, second refused.
"""

from dataclasses import replace

import pytest

from emla.formats import documents as form
from emla.formats import dsse
from emla.model.documents import Documents, KeyUse
from emla.model.errors import InvalidDocumentError, InvalidPackageError
from emla.model.limits import WIRE
from emla.model.package import VerifiedPackage
from emla.model.signed import PayloadType
from emla.steps.trust import check_current, revocation_hash, trust_documents
from emla.steps.verify_package import verify_package
from tests.support.authorities import DAY, NOW, build, party
from tests.support.standing import revoke, revoking, signed_status, status_of

AT, DE = party("at.moj"), party("de.bfj")
PACKAGE = build(AT, DE)


def verdict(*revocations: bytes, stored: bool = False) -> str:
    sender = revoking(AT, *revocations)
    try:
        found = verify_package(
            PACKAGE.signed,
            addressee=DE.addressee,
            find_sender={AT.id: sender}.get,
            now=NOW + 10,
            limits=WIRE,
            witnessed=lambda pid: stored and pid == PACKAGE.pid,
        )
    except InvalidPackageError as error:
        return error.code
    return "success" if isinstance(found, VerifiedPackage) else found.code


def refusal(documents: Documents) -> str:
    with pytest.raises(InvalidDocumentError) as caught:
        trust_documents(documents)
    return caught.value.code


@pytest.mark.parametrize("number", [0, 1, 2])
def test_any_one_root_key_takes_a_sign_key_away(number: int) -> None:
    assert verdict() == "success"
    assert verdict(revoke(AT, AT.sign.kid, AT.roots[number])) == "revoked-key"
    assert verdict(revoke(AT, AT.seal.kid, AT.roots[number])) == "success"


def test_a_date_before_the_theft_does_not_help_but_a_package_stored_here_stands() -> None:
    later = revoke(AT, AT.sign.kid, since=NOW + DAY, created=NOW + DAY)
    assert verdict(later) == "revoked-key"
    assert verdict(later, stored=True) == "success"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_any_one_root_key_freezes_the_authority(number: int) -> None:
    freeze = revoke(AT, None, AT.roots[number])
    assert verdict(freeze) == "frozen"
    with pytest.raises(InvalidDocumentError) as caught:
        check_current(revoking(AT, freeze), NOW)
    assert caught.value.code == "frozen"


def test_a_seal_key_that_one_root_key_took_away_is_neither_sealed_to_nor_live() -> None:
    authority = revoking(DE, revoke(DE, DE.seal.kid))
    assert DE.authority.newest(KeyUse.SEAL, NOW) is not None
    assert authority.newest(KeyUse.SEAL, NOW) is None
    assert DE.authority.live_sealing_kids(NOW) == {DE.seal.kid}
    assert authority.live_sealing_kids(NOW) == frozenset()


def test_one_root_key_adds_nothing() -> None:
    card = form.encode_card(replace(AT.authority.card, version=2))
    one = dsse.sign(PayloadType.CARD, card, AT.roots[0])
    assert refusal(replace(AT.authority.documents, card=one)) == "invalid-document"
    trust_documents(replace(AT.authority.documents, card=dsse.sign(PayloadType.CARD, card, *AT.roots[:2])))


def test_nobody_else_takes_anything_away() -> None:
    for signer in (AT.sign, AT.ledger, DE.roots[0]):
        lie = replace(AT.authority.documents, revocations=(revoke(AT, AT.seal.kid, signer),))
        assert refusal(lie) == "invalid-document"


def test_a_status_does_not_make_a_revocation_of_what_no_root_key_signed() -> None:
    lie = revoke(AT, AT.seal.kid, AT.sign)
    status = replace(status_of(AT.authority), revocations=(revocation_hash(lie),))
    documents = replace(AT.authority.documents, revocations=(lie,), status=signed_status(status, AT.sign))
    assert refusal(documents) == "invalid-document"


def test_a_root_key_takes_nothing_away_in_another_authoritys_name() -> None:
    lie = replace(AT.authority.documents, revocations=(revoke(DE, AT.seal.kid, AT.roots[0]),))
    assert refusal(lie) == "invalid-document"


def test_a_revoked_key_does_not_come_back_with_the_next_card() -> None:
    card = form.encode_card(replace(AT.authority.card, version=2))
    documents = replace(
        revoking(AT, revoke(AT, AT.sign.kid)).documents,
        card=dsse.sign(PayloadType.CARD, card, *AT.roots[:2]),
    )
    authority = trust_documents(documents, known=documents)
    assert authority.newest(KeyUse.SIGN, NOW) is None
    assert authority.key(AT.sign.kid, KeyUse.SIGN, NOW) is None
    # It is still listed, as evidence of what it signed in its time.
    assert authority.listed(AT.sign.kid, KeyUse.SIGN, NOW) is not None
