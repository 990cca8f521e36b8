"""A signed call: who made it, and each way in which it is not what was signed (attack rows 56 and 57)."""

from dataclasses import replace

import pytest

from emla.model.call import Call, CallSignature
from emla.model.documents import Authority
from emla.model.errors import InvalidCallError
from tests.support.authorities import NOW, derived, party
from tests.support.signed_calls import SignedCall, listing, releasing, sign_call, verify

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")
OTHER = party("eu.hub-two")


def _signature(*, created: int = NOW, expires: int = NOW + 120, kid: str = AT.sign.kid) -> CallSignature:
    return CallSignature(created=created, expires=expires, nonce=derived("nonce", length=16), kid=kid)


def _code(signed: SignedCall, *, pinned: tuple[Authority, ...] = (AT.authority, DE.authority)) -> str:
    with pytest.raises(InvalidCallError) as caught:
        verify(signed, *pinned, here=HUB.id)
    return caught.value.code


@pytest.mark.parametrize("call", [listing(AT, HUB), releasing(AT, HUB)])
def test_a_signed_call_says_who_made_it(call: Call) -> None:
    assert verify(sign_call(call, AT.sign), AT.authority, here=HUB.id) is AT.authority


@pytest.mark.parametrize(
    "other",
    [
        replace(listing(AT, HUB), method="DELETE"),
        replace(listing(AT, HUB), path="/emla/1/mailbox/1"),
        replace(listing(AT, HUB), query="after=7&wait=55"),
        replace(listing(AT, HUB), sender="de.bfj"),
    ],
)
def test_whatever_is_covered_cannot_be_changed(other: Call) -> None:
    signed = sign_call(listing(AT, HUB), AT.sign)
    assert _code(replace(signed, call=other).with_field("emla-from", other.sender)) == "bad-call-signature"


def test_a_call_without_signature_is_refused() -> None:
    signed = sign_call(listing(AT, HUB), AT.sign)
    for name in ("signature", "signature-input", "emla-from", "emla-to"):
        assert _code(signed.with_field(name)) == "unsigned-call"


def test_a_call_to_another_gateway_is_refused() -> None:
    assert _code(sign_call(listing(AT, OTHER), AT.sign)) == "misdirected-call"


def test_an_authority_that_is_not_pinned_is_refused() -> None:
    assert _code(sign_call(listing(AT, HUB), AT.sign), pinned=(DE.authority,)) == "unknown-sender"


def test_the_key_of_another_authority_is_refused() -> None:
    assert _code(sign_call(listing(AT, HUB), DE.sign, _signature(kid=DE.sign.kid))) == "bad-call-signature"


def test_a_ledger_key_signs_no_calls() -> None:
    assert _code(sign_call(listing(AT, HUB), AT.ledger)) == "bad-call-signature"


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(_signature(created=NOW - 120, expires=NOW), id="expired"),
        pytest.param(_signature(created=NOW + 301, expires=NOW + 400), id="from the future"),
        pytest.param(_signature(expires=NOW + 301), id="good for too long"),
        pytest.param(_signature(created=NOW, expires=NOW), id="good for no time"),
        pytest.param(_signature(created=NOW + 60, expires=NOW + 50), id="over before it begins"),
    ],
)
def test_a_call_outside_its_time_is_refused(signature: CallSignature) -> None:
    assert _code(sign_call(listing(AT, HUB), AT.sign, signature)) == "stale-call"


@pytest.mark.parametrize(
    "signature",
    [_signature(created=NOW + 300, expires=NOW + 600), _signature(created=NOW - 299, expires=NOW + 1)],
)
def test_clocks_may_differ_a_little(signature: CallSignature) -> None:
    assert verify(sign_call(listing(AT, HUB), AT.sign, signature), AT.authority, here=HUB.id) is AT.authority


def test_another_body_is_refused() -> None:
    signed = sign_call(releasing(AT, HUB), AT.sign)
    body = signed.call.body or b""
    other = replace(signed, call=replace(signed.call, body=body.replace(b"1", b"2", 1)))
    assert _code(other) == "bad-call-signature"
    # and with a digest that fits it: the signature is over another one
    fitting = sign_call(other.call, AT.sign).fields["content-digest"]
    assert _code(other.with_field("content-digest", *fitting)) == "bad-call-signature"


def test_a_body_that_was_not_signed_is_refused() -> None:
    signed = sign_call(replace(listing(AT, HUB), method="POST"), AT.sign)
    assert _code(replace(signed, call=replace(signed.call, body=b"{}"))) == "unsigned-call"


def test_a_nonce_that_was_seen_is_refused() -> None:
    signed = sign_call(listing(AT, HUB), AT.sign)
    with pytest.raises(InvalidCallError) as caught:
        verify(signed, AT.authority, here=HUB.id, seen_nonce=lambda _sender, _signature: True)
    assert caught.value.code == "replayed-call"


def test_only_what_was_really_signed_takes_a_place_in_the_memory_of_nonces() -> None:
    noted: list[str] = []

    def note(sender: str, _signature: CallSignature) -> bool:
        noted.append(sender)
        return False

    with pytest.raises(InvalidCallError):
        verify(sign_call(listing(AT, HUB), DE.sign), AT.authority, DE.authority, here=HUB.id, seen_nonce=note)
    assert not noted
    verify(sign_call(listing(AT, HUB), AT.sign), AT.authority, here=HUB.id, seen_nonce=note)
    assert noted == [AT.id]
