"""What a change changes, in words: nothing that differs is passed over in silence."""

from dataclasses import fields, replace

import pytest

from emla.model.documents import Card, Endpoint, KeyUse
from emla.steps.compare import at, compare_cards, compare_officers, compare_roots
from tests.support.authorities import DAY, NOW, party, signing_key
from tests.support.standing import officers_of

AT = party("at.moj")
CARD = AT.authority.card
SIGN = CARD.keys[0]
CHANGES: dict[str, object] = {
    "root_version": 2,
    "keys": CARD.keys[1:],
    "endpoints": (Endpoint(url=CARD.endpoints[0].url, spki_sha256=bytes(32)),),
    "hubs": ("eu.hub",),
    "suites": ("ed1",),
    "ledger_origin": "at.moj/emla/1/2",
    "payload_bytes_max": 5,
    "expires": CARD.expires + DAY,
}
SILENT = {"authority", "version", "created", "epoch"}
"""Told by the title, or with the ledger's origin, which names the epoch."""


def words(card: Card) -> str:
    return "\n".join(f"{what}: {how}" for what, how in compare_cards(AT.authority, card))


def test_the_same_card_has_no_differences() -> None:
    assert compare_cards(AT.authority, CARD) == ()


@pytest.mark.parametrize("member", sorted(CHANGES))
def test_a_change_of_any_member_of_a_card_is_said(member: str) -> None:
    assert words(replace(CARD, **{member: CHANGES[member]}))  # type: ignore[arg-type] # any member


def test_every_member_of_a_card_is_compared_or_told_otherwise() -> None:
    assert {each.name for each in fields(Card)} == CHANGES.keys() | SILENT


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"not_after": SIGN.not_after - DAY}, "ends"),
        ({"not_after": SIGN.not_after + DAY}, "is prolonged"),
        ({"not_before": SIGN.not_before - DAY}, "is listed otherwise"),
        ({"public": bytes(32)}, "is listed otherwise"),
        ({"use": KeyUse.LEDGER}, "is listed otherwise"),
    ],
)
def test_a_key_that_is_listed_otherwise_is_named(change: dict[str, object], expected: str) -> None:
    key = replace(SIGN, **change)  # type: ignore[arg-type] # any member
    told = words(replace(CARD, keys=(key, *CARD.keys[1:])))
    assert SIGN.kid in told
    assert expected in told


def test_a_new_key_and_a_missing_one_are_told() -> None:
    new = replace(SIGN, kid="ab" * 16)
    told = words(replace(CARD, keys=(new, *CARD.keys[1:])))
    assert f"New sign key: {new.kid}, {at(new.not_before)} to {at(new.not_after)}" in told
    assert f"{SIGN.kid} is not listed any more" in told


def test_who_gets_and_loses_a_say_over_the_root_is_told() -> None:
    root = AT.authority.root
    other = replace(root.keys[0], kid=signing_key("new").kid)
    changed = replace(root, keys=(other, *root.keys[1:]), threshold=1, expires=root.expires + DAY)
    told = dict(compare_roots(root, changed))
    assert told["New root key"] == other.kid
    assert told["Root key removed"] == root.keys[0].kid
    assert told["Signatures needed"] == "1 of 3 keys (instead of 2 of 3 keys)"
    assert at(root.expires + DAY) in told["Root expires"]


def test_officers_in_and_out_are_told_and_everybody_is_new_on_the_first_list() -> None:
    before, after = officers_of("at.moj", "Anna", "Ben"), officers_of("at.moj", "Ben", "Cem")
    told = [(what, how.split()[0]) for what, how in compare_officers(before, after)]
    assert told == [("Officer in", "Cem"), ("Officer out", "Anna")]
    assert [what for what, _ in compare_officers(None, before)] == ["Officer in", "Officer in"]


def test_the_same_name_with_another_key_is_another_officer() -> None:
    before = officers_of("at.moj", "Anna", "Ben")
    stolen = replace(before.officers[0], kid="cd" * 16)
    told = compare_officers(before, replace(before, officers=(stolen, before.officers[1])))
    assert [what for what, _ in told] == ["Officer in", "Officer out"]


def test_instants_are_to_the_minute_in_utc() -> None:
    assert at(1767319445) == "2026-01-02T02:04Z"
    assert at(NOW)
