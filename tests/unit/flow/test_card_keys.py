"""Which card of ours may be published: no key that has signed loses an instant at which it may have."""

from dataclasses import replace

import pytest

from emla.flow.documents.card_keys import check_held, check_windows
from emla.model.documents import Card, KeyUse
from emla.model.errors import ConfigurationError, InvalidDocumentError
from tests.support.authorities import DAY, NOW, party
from tests.support.standing import revocation_of

AT = party("at.moj")
HELD = frozenset((key.use, key.kid) for key in AT.authority.card.keys)


def card_with(use: KeyUse, **changes: int) -> Card:
    """The card in force, with another window for the key of a use."""
    keys = tuple(
        replace(key, **changes) if key.use is use else key  # type: ignore[arg-type]  # instants, both of them
        for key in AT.authority.card.keys
    )
    return replace(AT.authority.card, version=2, keys=keys)


def check(card: Card, *, now: int = NOW, absent: frozenset[str] = frozenset()) -> None:
    check_windows(AT.authority, card, now=now, absent=absent)


@pytest.mark.parametrize("use", [KeyUse.SIGN, KeyUse.LEDGER])
def test_a_key_ends_later_than_now_and_not_in_the_past_or_the_present_second(use: KeyUse) -> None:
    check(card_with(use, not_after=NOW + 1))
    for ended in (NOW, NOW - 3600):
        with pytest.raises(InvalidDocumentError, match="may have signed since") as caught:
            check(card_with(use, not_after=ended))
        assert caught.value.code == "invalid-document"


def test_a_key_that_ended_already_keeps_its_end() -> None:
    (sign,) = (key for key in AT.authority.card.keys if key.use is KeyUse.SIGN)
    later = sign.not_after + DAY
    check(card_with(KeyUse.SIGN), now=later)
    with pytest.raises(InvalidDocumentError, match="may have signed since"):
        check(card_with(KeyUse.SIGN, not_after=sign.not_after - 1), now=later)


def test_a_window_that_has_begun_does_not_begin_later() -> None:
    (sign,) = (key for key in AT.authority.card.keys if key.use is KeyUse.SIGN)
    with pytest.raises(InvalidDocumentError, match="would begin after it has signed"):
        check(card_with(KeyUse.SIGN, not_before=sign.not_before + 1))
    check(card_with(KeyUse.SIGN, not_before=sign.not_before + 1), now=sign.not_before - 1)


def test_what_signs_nothing_may_end_at_any_time() -> None:
    """A sealing key, a key that was lost, one that is revoked, and the keys of a ledger that is closed."""
    check(card_with(KeyUse.SEAL, not_after=NOW))
    check(card_with(KeyUse.SIGN, not_after=NOW), absent=frozenset({AT.sign.kid}))
    check(replace(card_with(KeyUse.LEDGER, not_after=NOW), epoch=2))
    revocation = revocation_of(AT, AT.sign.kid)
    revoked = replace(AT.authority, revocations=(revocation,))
    card = replace(revoked.card, keys=card_with(KeyUse.SIGN, not_after=NOW).keys)
    check_windows(revoked, card, now=NOW, absent=frozenset())


def test_a_key_that_is_no_longer_listed_is_refused() -> None:
    with pytest.raises(InvalidDocumentError, match="no longer lists"):
        check(replace(AT.authority.card, keys=AT.authority.card.keys[1:]))


def test_a_key_that_is_not_here_is_refused_but_one_that_was_lost_and_lives_no_longer() -> None:
    here = HELD - {(KeyUse.SIGN, AT.sign.kid)}
    with pytest.raises(ConfigurationError) as caught:
        check_held(AT.authority, AT.authority.card, now=NOW, held=here, absent=frozenset())
    assert caught.value.code == "unreadable-key"
    lost = frozenset({AT.sign.kid})
    check_held(AT.authority, AT.authority.card, now=NOW, held=here, absent=lost)
    (sign,) = (key for key in AT.authority.card.keys if key.use is KeyUse.SIGN)
    longer = card_with(KeyUse.SIGN, not_after=sign.not_after + 1)
    with pytest.raises(ConfigurationError):
        check_held(AT.authority, longer, now=NOW, held=here, absent=lost)
