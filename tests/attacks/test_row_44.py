"""Row 44. Fast-forward to version 2^53-1 then recovery.

Expected: healed by root rotation rule.
"""

from dataclasses import replace

import pytest

from emla.formats import documents as form
from emla.formats import dsse
from emla.formats.strict_json import INTEGER_MAX
from emla.model.documents import Authority, Documents
from emla.model.errors import InvalidDocumentError
from emla.model.signed import PayloadType
from emla.steps.succeed import succeed
from emla.steps.trust import trust_documents
from tests.support.authorities import NOW, party
from tests.support.standing import revoke, revoking, rotated, with_status

AT = party("at.moj")
REAL = AT.authority


def forged() -> Authority:
    """What a thief with two root keys and the sign key publishes: everything in its last version."""
    card = form.encode_card(replace(REAL.card, version=INTEGER_MAX))
    profile = form.encode_profile(replace(REAL.profile, version=INTEGER_MAX))
    documents = replace(
        REAL.documents,
        card=dsse.sign(PayloadType.CARD, card, *AT.roots[:2]),
        profile=dsse.sign(PayloadType.PROFILE, profile, AT.sign),
    )
    return succeed(REAL, trust_documents(documents), NOW)


def verdict(known: Authority, offered: Documents) -> str:
    try:
        succeed(known, trust_documents(offered, known=known.documents), NOW)
    except InvalidDocumentError as error:
        return error.code
    return "success"


def test_without_a_new_root_nobody_gets_past_the_highest_version() -> None:
    assert forged().card.version == INTEGER_MAX
    assert verdict(forged(), REAL.documents) == "document-rollback"


def test_a_new_root_and_a_revoked_sign_key_heal_everything() -> None:
    documents, fresh = rotated(AT, kept=1)
    # The root alone heals the card; the profile's version falls only with the key that signed it.
    assert verdict(forged(), documents) == "document-rollback"
    other = party("de.bfj").sign
    key = next(each for each in REAL.card.keys if each.kid == AT.sign.kid)
    keys = (*REAL.card.keys, replace(key, kid=other.kid, public=other.public))
    card = form.encode_card(replace(REAL.card, root_version=2, keys=keys))
    healed = replace(
        documents,
        card=dsse.sign(PayloadType.CARD, card, *fresh[:2]),
        profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(REAL.profile), other),
        revocations=(revoke(AT, AT.sign.kid, fresh[1], root=2),),
    )
    now = succeed(forged(), trust_documents(healed, known=forged().documents), NOW)
    assert (now.card.version, now.profile.version, now.root.version) == (1, 1, 2)
    assert verdict(now, forged().documents) == "document-rollback"


def test_a_status_cannot_be_sent_far_ahead() -> None:
    ahead = with_status(revoking(AT), AT.sign, at=NOW + 301)
    with pytest.raises(InvalidDocumentError) as caught:
        succeed(REAL, trust_documents(ahead), NOW)
    assert caught.value.code == "clock-skew"
