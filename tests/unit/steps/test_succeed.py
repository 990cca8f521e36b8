"""Succession: what newer documents may and may not change; healing after a thief; revocations only become more."""

from dataclasses import replace

import pytest

from emla.formats import documents as form
from emla.formats import dsse
from emla.formats.export import decode_export, encode_export
from emla.model.documents import Authority, Documents
from emla.model.errors import InvalidDocumentError
from emla.model.signed import PayloadType
from emla.steps.succeed import check_successor, succeed, with_revocations
from emla.steps.trust import trust_documents
from tests.support.authorities import DAY, NOW, party
from tests.support.standing import (
    revocation_of,
    revoke,
    revoking,
    rotated,
    signed_status,
    status_of,
    with_status,
)

AT, DE = party("at.moj"), party("de.bfj")
KNOWN = AT.authority
NOBODY = "0" * 32


def trusted(documents: Documents) -> Authority:
    return trust_documents(documents, known=documents)


def at(instant: int, authority: Authority = KNOWN) -> Authority:
    return trusted(with_status(authority, AT.sign, at=instant))


def with_profile(version: int, base: Authority = KNOWN, *, hours: str = "never") -> Authority:
    profile = replace(KNOWN.profile, version=version, office_hours=hours)
    signed = dsse.sign(PayloadType.PROFILE, form.encode_profile(profile), AT.sign)
    return trusted(replace(base.documents, profile=signed, status=None))


def with_card(version: int) -> Authority:
    card = form.encode_card(replace(KNOWN.card, version=version))
    return trusted(replace(KNOWN.documents, card=dsse.sign(PayloadType.CARD, card, *AT.roots[:2])))


def in_epoch(epoch: int, version: int) -> Authority:
    card = replace(KNOWN.card, version=version, epoch=epoch, ledger_origin=f"at.moj/emla/1/{epoch}")
    signed = dsse.sign(PayloadType.CARD, form.encode_card(card), *AT.roots[:2])
    return trusted(replace(KNOWN.documents, card=signed))


def refusal(known: Authority | None, offered: Authority, now: int = NOW) -> str:
    with pytest.raises(InvalidDocumentError) as caught:
        succeed(known, offered, now)
    return caught.value.code


def test_at_first_contact_only_the_clock_can_be_against_it() -> None:
    assert succeed(None, at(NOW + 300), NOW) == at(NOW + 300)
    assert refusal(None, at(NOW + 301)) == "clock-skew"


def test_a_status_never_goes_back() -> None:
    assert succeed(at(NOW), at(NOW + 1), NOW).fresh_at == NOW + 1
    assert succeed(at(NOW), at(NOW), NOW) == at(NOW)
    assert refusal(at(NOW), at(NOW - 1)) == "document-rollback"
    assert refusal(at(NOW), at(NOW + 301)) == "clock-skew"


def test_two_statuses_of_one_instant_contradict_each_other() -> None:
    status = replace(status_of(KNOWN), expires=NOW + DAY)
    other = trusted(replace(KNOWN.documents, status=signed_status(status, AT.sign)))
    assert refusal(at(NOW), other) == "document-rollback"


def test_documents_that_lose_their_status_are_a_rollback_unless_they_are_the_known_ones() -> None:
    assert succeed(at(NOW), KNOWN, NOW) == at(NOW)
    assert refusal(at(NOW), with_card(2)) == "document-rollback"
    assert refusal(at(NOW), with_profile(2)) == "document-rollback"


def test_the_version_of_a_card_counts_under_one_root_only() -> None:
    highest = with_card(2**53 - 1)
    assert refusal(highest, with_card(2)) == "document-rollback"
    healed = trusted(rotated(AT)[0])
    assert healed.card.version == 1
    assert succeed(highest, healed, NOW) == healed
    assert refusal(healed, highest) == "document-rollback"


def test_an_epoch_that_is_over_does_not_begin_again() -> None:
    known = in_epoch(2, 5)
    assert succeed(KNOWN, known, NOW).card.epoch == 2
    assert succeed(known, in_epoch(2, 6), NOW).card.epoch == 2
    assert refusal(known, in_epoch(1, 6)) == "document-rollback"


def test_the_version_of_a_profile_counts_until_its_key_is_revoked_or_unlisted() -> None:
    highest = with_profile(2**53 - 1)
    assert refusal(highest, with_profile(2)) == "document-rollback"
    revoked = with_profile(2, revoking(AT, revoke(AT, AT.sign.kid)))
    assert succeed(highest, revoked, NOW).profile.version == 2
    # The key is taken off the card: another one signs from now on.
    keys = DE.authority.card.keys[:1]
    card = form.encode_card(replace(KNOWN.card, version=2, keys=(*keys, *KNOWN.card.keys[1:])))
    profile = dsse.sign(PayloadType.PROFILE, form.encode_profile(KNOWN.profile), DE.sign)
    unlisted = trust_documents(
        replace(KNOWN.documents, card=dsse.sign(PayloadType.CARD, card, *AT.roots[:2]), profile=profile)
    )
    assert succeed(highest, unlisted, NOW).profile.version == 1


def test_another_revocation_does_not_let_a_profile_go_back() -> None:
    revoked = with_profile(1, revoking(AT, revoke(AT, NOBODY)))
    assert refusal(with_profile(2), revoked) == "document-rollback"


def test_a_known_revocation_never_goes_missing() -> None:
    first, second = revoke(AT, NOBODY), revoke(AT, "1" * 32)
    one, both = revoking(AT, first), revoking(AT, second, first)
    assert len(succeed(one, both, NOW).revocations) == 2
    assert refusal(both, one) == "document-rollback"
    assert refusal(one, revoking(AT, second)) == "document-rollback"
    # A newer status, card or root does not help: mix-and-match.
    assert refusal(one, at(NOW)) == "document-rollback"
    assert refusal(one, with_card(2)) == "document-rollback"
    assert refusal(one, trusted(rotated(AT)[0])) == "document-rollback"


def test_a_freeze_is_news_and_ends_with_a_higher_root_only() -> None:
    freeze = revoke(AT, None)
    frozen = succeed(KNOWN, revoking(AT, freeze), NOW)
    assert frozen.frozen
    assert not KNOWN.frozen
    healed = trusted(rotated(AT, kept=1, revocations=[freeze])[0])
    assert not succeed(frozen, healed, NOW).frozen
    again = revoke(AT, None, root=2)
    assert trusted(rotated(AT, kept=1, revocations=[freeze, again])[0]).frozen


def test_what_refused_documents_take_away_is_taken_away_all_the_same() -> None:
    known = revoking(AT, revoke(AT, NOBODY))
    offered = replace(KNOWN.documents, revocations=(revoke(AT, AT.seal.kid),))
    assert refusal(known, trusted(offered)) == "document-rollback"
    kept = with_revocations(known, offered)
    assert {each.kid for each in kept.revocations} == {NOBODY, AT.seal.kid}
    assert trust_documents(kept.documents, known=kept.documents) == kept
    check_successor(known, kept)


def test_the_key_of_the_known_status_may_be_taken_away_before_there_is_another() -> None:
    known = at(NOW)
    kept = with_revocations(known, replace(KNOWN.documents, revocations=(revoke(AT, AT.sign.kid),)))
    assert kept.revoked(AT.sign.kid) is not None
    assert (kept.status, kept.profile) == (known.status, known.profile)


def test_what_is_no_revocation_of_this_authority_is_left_out() -> None:
    known = revoking(AT, revoke(AT, NOBODY))
    strange = (revoke(DE, NOBODY), revoke(AT, "1" * 32, AT.sign), revoke(AT, "2" * 32, root=2), b"{}")
    same = revoke(AT, NOBODY, AT.roots[1])
    assert with_revocations(known, replace(KNOWN.documents, revocations=(*strange, same))) is known


def test_a_revocation_outlives_the_root_key_that_signed_it_but_a_removed_key_signs_no_more() -> None:
    old, forged = revoke(AT, NOBODY), revoke(AT, "1" * 32)
    documents, _ = rotated(AT, revocations=[old])
    known = revoking(AT, old)
    after = succeed(known, trust_documents(documents, known=known.documents), NOW)
    assert after.revoked(NOBODY) is not None
    assert with_revocations(after, replace(documents, revocations=(forged,))) is after
    with pytest.raises(InvalidDocumentError):
        trust_documents(replace(documents, revocations=(old, forged)), known=known.documents)


def test_of_two_revocations_of_a_key_the_one_that_reaches_back_furthest_counts() -> None:
    both = revoking(AT, revoke(AT, NOBODY, since=NOW - 1), revoke(AT, NOBODY, since=NOW - 9))
    assert both.revoked(NOBODY) == revocation_of(AT, NOBODY, since=NOW - 9)
    assert both.revoked("1" * 32) is None


def test_there_are_never_more_revocations_than_an_export_may_carry() -> None:
    full = revoking(AT, *(revoke(AT, f"{number:032x}") for number in range(64)))
    assert with_revocations(full, revoking(AT, revoke(AT, "f" * 32)).documents) is full
    assert decode_export(encode_export(full.documents)) == full.documents
