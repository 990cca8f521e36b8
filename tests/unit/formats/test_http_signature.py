"""Signatures over calls: the RFC's own example, round trips, and spellings that are not this profile."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import ed1
from emla.formats import http_signature as form
from emla.model.call import Call, CallSignature
from emla.model.errors import MalformedError
from tests.support.authorities import NOW, party
from tests.support.signed_calls import SignedCall, listing, releasing, sign_call

AT, HUB = party("at.moj"), party("eu.hub")
LISTING = sign_call(listing(AT, HUB), AT.sign)
RELEASING = sign_call(releasing(AT, HUB), AT.sign)
NONCES = st.binary(min_size=16, max_size=16)
TARGETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60)


def test_the_example_of_rfc_9421_appendix_b_2_6_verifies() -> None:
    public = base64.b64decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")
    sig = base64.b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )
    components = (
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("@method", "POST"),
        ("@path", "/foo"),
        ("@authority", "example.com"),
        ("content-type", "application/json"),
        ("content-length", "18"),
    )
    names = " ".join(f'"{name}"' for name, _ in components)
    base = form.signature_base(components, f'({names});created=1618884473;keyid="test-key-ed25519"')
    assert ed1.verify(public, base, sig)


def test_the_digest_of_a_body_is_that_of_rfc_9530() -> None:
    assert (
        form.content_digest(b'{"hello": "world"}\n')
        == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    )


@given(
    nonce=NONCES,
    created=st.integers(1, 2**39),
    life=st.integers(1, 10**6),
    path=TARGETS,
    query=TARGETS,
    body=st.none() | st.binary(max_size=100),
)
def test_a_signature_is_read_as_it_was_written(
    nonce: bytes, created: int, life: int, path: str, query: str, body: bytes | None
) -> None:
    call = Call(method="GET", path=path, query=query, sender="at.moj", recipient="eu.hub", body=body)
    signature = CallSignature(created=created, expires=created + life, nonce=nonce, kid=AT.sign.kid)
    signed = sign_call(call, AT.sign, signature)
    found, sig = form.decode_fields(signed.fields, call)
    assert found == signature
    assert ed1.verify(AT.sign.public, form.call_base(call, found), sig)


@given(data=st.data())
def test_mutated_fields_are_a_signature_or_malformed(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["signature-input", "signature"]))
    value = LISTING.fields[name][0]
    place = data.draw(st.integers(0, len(value) - 1))
    character = data.draw(st.characters(max_codepoint=0x17F))
    mutated = LISTING.with_field(name, value[:place] + character + value[place + 1 :])
    with suppress(MalformedError):
        form.decode_fields(mutated.fields, mutated.call)


def _respelled(signed: SignedCall, old: str, new: str) -> SignedCall:
    value = signed.fields["signature-input"][0]
    assert old in value
    return signed.with_field("signature-input", value.replace(old, new))


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(_respelled(LISTING, '"@query" ', ""), id="query not covered"),
        pytest.param(_respelled(LISTING, ' "emla-to"', ""), id="recipient not covered"),
        pytest.param(_respelled(RELEASING, '"content-digest" ', ""), id="body not covered"),
        pytest.param(_respelled(RELEASING, ' "content-length"', ""), id="length not covered"),
        pytest.param(_respelled(LISTING, '"@method" "@path"', '"@path" "@method"'), id="another order"),
        pytest.param(_respelled(LISTING, '"@path"', '"@path";req'), id="a parameter of a component"),
        pytest.param(_respelled(LISTING, "emla-http/1", "emla-http/2"), id="another tag"),
        pytest.param(_respelled(LISTING, ';tag="emla-http/1"', ""), id="no tag"),
        pytest.param(_respelled(LISTING, '"ed25519"', '"hmac-sha256"'), id="another algorithm"),
        pytest.param(_respelled(LISTING, "emla=", "sig1="), id="another label"),
        pytest.param(_respelled(LISTING, f"created={NOW}", f"created=0{NOW}"), id="a leading zero"),
        pytest.param(_respelled(LISTING, f"created={NOW}", "created=-1"), id="a negative instant"),
        pytest.param(_respelled(LISTING, ";expires", "; expires"), id="white space"),
        pytest.param(LISTING.with_field("signature-input"), id="no input"),
        pytest.param(LISTING.with_field("signature"), id="no signature"),
        pytest.param(LISTING.with_field("signature", "emla=:AAAA:"), id="a short signature"),
        pytest.param(
            LISTING.with_field("signature", *LISTING.fields["signature"], *LISTING.fields["signature"]),
            id="the signature twice",
        ),
        pytest.param(
            LISTING.with_field(
                "signature-input", LISTING.fields["signature-input"][0] + ", other=();created=1"
            ),
            id="a second signature",
        ),
    ],
)
def test_what_is_spelled_otherwise_is_no_signature(signed: SignedCall) -> None:
    with pytest.raises(MalformedError):
        form.decode_fields(signed.fields, signed.call)


@pytest.mark.parametrize("path", ["/emla/1/mailbox\n", "/é", "/a b", '/\x00"'])
def test_a_request_line_that_could_be_read_in_two_ways_is_refused(path: str) -> None:
    call = Call(method="GET", path=path, query="", sender="at.moj", recipient="eu.hub")
    with pytest.raises(MalformedError):
        form.decode_fields(LISTING.fields, call)
