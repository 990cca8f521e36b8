"""Trust: what an import may and may not change. Chains, pins and signatures one fault at a time:
tests/vectors/documents.
"""

from dataclasses import replace

import pytest

from emla.formats import documents as form
from emla.formats import dsse
from emla.model.documents import Authority, Card, Documents, KeyUse
from emla.model.errors import InvalidDocumentError
from emla.model.signed import PayloadType
from emla.steps.succeed import check_successor
from emla.steps.trust import RootPin, check_current, trust_documents
from tests.support.acknowledging import checkpoint_of
from tests.support.authorities import DAY, NOW, derived, party
from tests.support.standing import revoke, rotated, with_status

AT = party("at.moj")
KNOWN = AT.authority


def with_card(card: Card, documents: Documents = KNOWN.documents) -> Authority:
    signed = dsse.sign(PayloadType.CARD, form.encode_card(card), *AT.roots[:2])
    return trust_documents(replace(documents, card=signed))


def with_profile(version: int, office_hours: str) -> Authority:
    profile = replace(KNOWN.profile, version=version, office_hours=office_hours)
    signed = dsse.sign(PayloadType.PROFILE, form.encode_profile(profile), AT.sign)
    return trust_documents(replace(KNOWN.documents, profile=signed))


def refusal(known: Authority, offered: Authority) -> str:
    with pytest.raises(InvalidDocumentError) as caught:
        check_successor(known, offered)
    return caught.value.code


def test_what_is_trusted_is_what_was_signed() -> None:
    pin = RootPin(version=1, sha256=KNOWN.root_sha256)
    trusted = trust_documents(KNOWN.documents, pin)
    assert (trusted.root, trusted.card, trusted.profile) == (KNOWN.root, KNOWN.card, KNOWN.profile)
    assert trusted.card_sha256 == form.document_hash(form.encode_card(KNOWN.card))


def test_no_two_signatures_of_one_key_reach_a_threshold_of_two() -> None:
    once = dsse.sign(PayloadType.CARD, form.encode_card(KNOWN.card), AT.roots[2])
    with pytest.raises(InvalidDocumentError) as caught:
        trust_documents(replace(KNOWN.documents, card=once))
    assert caught.value.code == "invalid-document"


def test_a_chain_of_roots_does_not_pass_to_another_authority() -> None:
    # Everything under the second root fits together, and both thresholds signed it: only the name has changed.
    good, fresh = rotated(AT)
    other = "de.bfj"
    root = replace(
        form.decode_root(form.decode_signed(good.roots[1], PayloadType.ROOT).payload), authority=other
    )
    card = replace(KNOWN.card, authority=other, root_version=2, ledger_origin=f"{other}/emla/1/1")
    profile = replace(KNOWN.profile, authority=other)
    moved = replace(
        good,
        roots=(
            good.roots[0],
            dsse.sign(PayloadType.ROOT, form.encode_root(root), *AT.roots[:2], *fresh[:2]),
        ),
        card=dsse.sign(PayloadType.CARD, form.encode_card(card), *fresh[:2]),
        profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(profile), AT.sign),
    )
    with pytest.raises(InvalidDocumentError) as caught:
        trust_documents(moved, RootPin(version=1, sha256=KNOWN.root_sha256))
    assert caught.value.code == "invalid-document"


def test_a_card_of_the_root_before_is_refused_even_when_its_keys_are_still_there() -> None:
    # All root keys stay when only the threshold or the end of a root changes: then the old card's signatures still hold.
    good, _ = rotated(AT, kept=3)
    trust_documents(good)
    with pytest.raises(InvalidDocumentError) as caught:
        trust_documents(replace(good, card=KNOWN.documents.card))
    assert caught.value.code == "invalid-document"


def test_root_keys_make_no_card_of_another_authority() -> None:
    other = "de.bfj"
    card = replace(KNOWN.card, authority=other, ledger_origin=f"{other}/emla/1/1")
    profile = replace(KNOWN.profile, authority=other)
    signed = dsse.sign(PayloadType.PROFILE, form.encode_profile(profile), AT.sign)
    with pytest.raises(InvalidDocumentError) as caught:
        with_card(card, replace(KNOWN.documents, profile=signed))
    assert caught.value.code == "invalid-document"


def test_the_same_documents_and_newer_ones_succeed() -> None:
    check_successor(KNOWN, KNOWN)
    check_successor(KNOWN, with_card(replace(KNOWN.card, version=2)))
    check_successor(KNOWN, with_profile(2, "never"))


def test_a_lower_version_is_a_rollback() -> None:
    assert refusal(with_card(replace(KNOWN.card, version=2)), KNOWN) == "document-rollback"
    assert refusal(with_profile(2, "never"), KNOWN) == "document-rollback"


def test_a_version_already_seen_does_not_change() -> None:
    assert (
        refusal(KNOWN, with_card(replace(KNOWN.card, expires=KNOWN.card.expires - 1))) == "document-rollback"
    )
    assert refusal(KNOWN, with_profile(1, "never")) == "document-rollback"


def test_another_root_or_authority_is_a_conflict() -> None:
    assert refusal(KNOWN, party("de.bfj").authority) == "peer-conflict"
    root = replace(KNOWN.root, expires=KNOWN.root.expires - 1)
    signed = dsse.sign(PayloadType.ROOT, form.encode_root(root), *AT.roots[:2])
    assert refusal(KNOWN, trust_documents(replace(KNOWN.documents, roots=(signed,)))) == "peer-conflict"


@pytest.mark.parametrize(("late", "refused"), [(-1, False), (0, True), (1, True)])
def test_documents_expire_at_their_instant(*, late: int, refused: bool) -> None:
    now = min(KNOWN.root.expires, KNOWN.card.expires) + late
    if refused:
        with pytest.raises(InvalidDocumentError) as caught:
            check_current(KNOWN, now)
        assert caught.value.code == "document-expired"
    else:
        check_current(KNOWN, now)


def test_keys_are_found_by_use_inside_their_window() -> None:
    key = KNOWN.card.keys[0]
    for at, found in (
        (key.not_before - 1, None),
        (key.not_before, key),
        (key.not_after - 1, key),
        (key.not_after, None),
    ):
        assert KNOWN.key(key.kid, key.use, at) == found
        assert KNOWN.newest(key.use, at) == found
    assert KNOWN.key(key.kid, KNOWN.card.keys[1].use, NOW) is None
    later = replace(key, kid="f" * 32, not_before=NOW - DAY)
    both = replace(KNOWN, card=replace(KNOWN.card, keys=(later, *KNOWN.card.keys)))
    assert both.newest(key.use, NOW) == later


def test_a_sealing_key_takes_packages_for_ninety_days_after_its_end() -> None:
    key = next(each for each in KNOWN.card.keys if each.use is KeyUse.SEAL)
    for at, live in (
        (key.not_before - 1, False),
        (key.not_before, True),
        (key.not_after, True),
        (key.not_after + 90 * DAY - 1, True),
        (key.not_after + 90 * DAY, False),
    ):
        assert (key.kid in KNOWN.live_sealing_kids(at)) is live


def test_what_stood_here_before_its_key_was_revoked_stands_and_what_is_new_does_not() -> None:
    known = trust_documents(with_status(KNOWN, AT.sign)).documents
    revoked = replace(known, revocations=(revoke(AT, AT.sign.kid),))
    assert trust_documents(revoked, known=known).fresh_at == NOW
    newer = with_status(trust_documents(known), AT.sign, at=NOW + 1)
    for documents, before in (
        (revoked, None),
        (replace(revoked, profile=with_profile(2, "never").documents.profile, status=None), known),
        (replace(revoked, status=newer.status), known),
        (replace(revoked, status=None), None),
    ):
        with pytest.raises(InvalidDocumentError) as caught:
            trust_documents(documents, known=before)
        assert caught.value.code == "invalid-document"


def test_a_checkpoint_in_a_status_is_not_of_a_revoked_ledger_key() -> None:
    checkpoint = checkpoint_of(AT, 3, derived("root"))
    base = trust_documents(replace(KNOWN.documents, revocations=(revoke(AT, AT.ledger.kid),)))
    with pytest.raises(InvalidDocumentError):
        trust_documents(with_status(base, AT.sign, checkpoint=checkpoint))
    trust_documents(with_status(base, AT.sign))
