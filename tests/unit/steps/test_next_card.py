"""The next card: what changes, what stays, and what would be none."""

from dataclasses import replace

import pytest

from emla.model.documents import Authority, Card, CardKey, KeyUse
from emla.model.errors import InvalidDocumentError
from emla.steps.next_card import CardPlan, next_card, overlap_ends
from emla.steps.trust import trust_documents
from tests.support.authorities import DAY, NOW, party, signing_key
from tests.support.standing import revoke

AT = party("at.moj")
NEW = signing_key("at.moj", "sign", 2)
LISTED = CardKey(
    kid=NEW.kid,
    use=KeyUse.SIGN,
    alg="ed1",
    public=NEW.public,
    not_before=NOW + DAY,
    not_after=NOW + 400 * DAY,
)


def refusal(plan: CardPlan, days: int = 400) -> str:
    with pytest.raises(InvalidDocumentError) as caught:
        next_card(AT.authority, plan, now=NOW, life_seconds=days * DAY)
    return caught.value.detail


def test_nothing_changes_but_what_is_said_and_no_key_disappears() -> None:
    card = next_card(AT.authority, CardPlan(), now=NOW, life_seconds=400 * DAY)
    assert card == replace(AT.authority.card, version=2, created=NOW, expires=NOW + 400 * DAY)
    changed = next_card(
        AT.authority,
        CardPlan(
            add=(LISTED,),
            ends={AT.sign.kid: NOW + 30 * DAY},
            endpoint_url="https://new.example:8443",
            root_version=2,
        ),
        now=NOW,
        life_seconds=DAY,
    )
    ends = {key.kid: key.not_after for key in changed.keys}
    assert ends[AT.sign.kid] == NOW + 30 * DAY
    assert ends[NEW.kid] == LISTED.not_after
    assert ends.keys() > {key.kid for key in AT.authority.card.keys}
    (endpoint,) = changed.endpoints
    assert endpoint == replace(AT.authority.card.endpoints[0], url="https://new.example:8443")
    assert changed.root_version == 2


def test_what_would_be_no_card_is_refused_with_the_reason() -> None:
    assert "no key" in refusal(CardPlan(ends={"0" * 32: NOW}))
    assert "already" in refusal(CardPlan(add=(AT.authority.card.keys[0],)))
    assert "window" in refusal(CardPlan(ends={AT.sign.kid: NOW - 300 * DAY}))
    assert "lives longer" in refusal(CardPlan(), days=401)
    assert refusal(CardPlan(endpoint_url="http://plain.example"))


def test_hubs_and_endpoint_come_and_go_as_said() -> None:
    def made(authority: Authority, plan: CardPlan) -> Card:
        return next_card(authority, plan, now=NOW, life_seconds=DAY)

    behind = made(AT.authority, CardPlan(hubs=("eu.hub",), without_endpoint=True))
    assert (behind.endpoints, behind.hubs) == ((), ("eu.hub",))
    authority = replace(AT.authority, card=behind)
    assert made(authority, CardPlan()).hubs == ("eu.hub",)
    first = made(authority, CardPlan(endpoint_url="https://new.example", spki_sha256=bytes(32), hubs=()))
    assert [(each.url, each.spki_sha256) for each in first.endpoints] == [("https://new.example", bytes(32))]
    assert first.hubs == ()
    with pytest.raises(InvalidDocumentError, match="TLS key"):
        made(authority, CardPlan(endpoint_url="https://new.example"))


def test_a_card_by_which_nobody_could_reach_us_is_none() -> None:
    assert "nobody could reach" in refusal(CardPlan(without_endpoint=True))
    assert "no hub is its own" in refusal(CardPlan(hubs=(AT.id,)))
    assert "each hub once" in refusal(CardPlan(hubs=("eu.hub", "eu.hub")))
    assert refusal(CardPlan(hubs=("NOT AN ID",)))


def test_the_old_key_ends_after_the_overlap_and_never_lives_longer() -> None:
    begin = NOW + DAY
    assert overlap_ends(AT.authority, KeyUse.SEAL, begin, 30 * DAY) == {AT.seal.kid: begin + 30 * DAY}
    assert overlap_ends(AT.authority, KeyUse.SEAL, begin, 900 * DAY) == {}


def test_a_revoked_key_and_one_that_begins_later_are_left_alone() -> None:
    documents = AT.authority.documents
    offered = replace(documents, revocations=(revoke(AT, AT.seal.kid),))
    revoked = trust_documents(offered, known=documents)
    assert overlap_ends(revoked, KeyUse.SEAL, NOW + DAY, 0) == {}
    later = replace(AT.authority, card=replace(AT.authority.card, keys=(LISTED,)))
    assert overlap_ends(later, KeyUse.SIGN, LISTED.not_before, 0) == {}
