# ruff: noqa: E501  # a table of cases is read by the row
"""Vectors of signed calls: a request line, header fields, and the body behind an empty line when there is one."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from emla.formats import http_signature as form
from emla.model.call import Call, CallSignature
from emla.model.signed import Signer
from tests.support.authorities import NOW, derived, party
from tests.support.signed_calls import SignedCall, listing, releasing, sign_call
from tests.support.vector_files import Vector

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")
LISTING, RELEASING = listing(AT, HUB), releasing(AT, HUB)


def call_vectors() -> list[Vector]:
    """Signed calls from at.moj to eu.hub."""
    return [*_good(), *_spelled_otherwise(), *_not_ours()]


def _at(created: int, expires: int, signer: Signer = AT.sign) -> CallSignature:
    return CallSignature(created=created, expires=expires, nonce=derived("nonce", length=16), kid=signer.kid)


def _vector(name: str, expect: str, comment: str, signed: SignedCall, row: int | None = 56) -> Vector:
    call, key = signed.call, AT.authority.card.keys[0]
    target = f"{call.path}?{call.query}" if call.query else call.path
    lines = [f"{call.method} {target}"]
    lines += [f"{field}: {value}" for field, values in sorted(signed.fields.items()) for value in values]
    known = {
        "me": HUB.id,
        "now": str(NOW + 10),
        "sender": AT.id,
        "sign-kid": key.kid,
        "sign-key": key.public.hex(),
        "sign-not-before": str(key.not_before),
        "sign-not-after": str(key.not_after),
    }
    if expect == "success":
        signature, _ = form.decode_fields(signed.fields, call)
        known["base-sha256"] = sha256(form.call_base(call, signature)).hexdigest()
    body = b"" if call.body is None else b"\n\n" + call.body
    return Vector(
        folder="call",
        name=name,
        expect=expect,
        comment=comment,
        row=None if expect == "success" else row,
        lines=known,
        body="\n".join(lines).encode() + body,
    )


def _good() -> Iterable[Vector]:
    bare = replace(LISTING, query="")
    edge = _at(NOW + 310, NOW + 610)
    for name, comment, signed in (
        ("good", "a call without a body", sign_call(LISTING, AT.sign)),
        ("good-body", "a call with a body", sign_call(RELEASING, AT.sign)),
        ("good-no-query", "no query: a question mark alone is signed", sign_call(bare, AT.sign)),
        ("good-early", "300 s ahead of the clock, good for 300 s", sign_call(LISTING, AT.sign, edge)),
        ("good-last-second", "in its last second", sign_call(LISTING, AT.sign, _at(NOW - 289, NOW + 11))),
    ):
        yield _vector(name, "success", comment, signed)


def _respelled(signed: SignedCall, old: str, new: str) -> SignedCall:
    value = signed.fields["signature-input"][0]
    assert old in value
    return signed.with_field("signature-input", value.replace(old, new))


def _spelled_otherwise() -> Iterable[Vector]:
    good, body = sign_call(LISTING, AT.sign), sign_call(RELEASING, AT.sign)
    twice = good.fields["signature-input"][0]
    for name, comment, signed in (
        ("no-signature", "Signature is missing", good.with_field("signature")),
        ("no-signature-input", "Signature-Input is missing", good.with_field("signature-input")),
        ("no-from", "Emla-From is missing", good.with_field("emla-from")),
        ("from-twice", "Emla-From stands twice", good.with_field("emla-from", AT.id, DE.id)),
        ("to-no-id", "Emla-To is no authority id", good.with_field("emla-to", "EU.hub")),
        ("method-not-covered", "@method is not covered", _respelled(good, '"@method" ', "")),
        ("path-not-covered", "@path is not covered", _respelled(good, '"@path" ', "")),
        ("query-not-covered", "@query is not covered", _respelled(good, '"@query" ', "")),
        ("to-not-covered", "emla-to is not covered", _respelled(good, ' "emla-to"', "")),
        ("digest-not-covered", "content-digest is not covered", _respelled(body, '"content-digest" ', "")),
        ("length-not-covered", "content-length is not covered", _respelled(body, ' "content-length"', "")),
        ("order", "components in another order", _respelled(good, '"@method" "@path"', '"@path" "@method"')),
        ("component-parameter", "a component with a parameter", _respelled(good, '"@path"', '"@path";sf')),
        ("other-label", "another label", _respelled(good, "emla=", "sig1=")),
        ("other-tag", "another tag", _respelled(good, "emla-http/1", "emla-http/2")),
        ("no-tag", "no tag", _respelled(good, ';tag="emla-http/1"', "")),
        ("other-algorithm", "another algorithm", _respelled(good, "ed25519", "hmac-sha256")),
        ("no-expires", "no end", _respelled(good, f";expires={NOW + 120}", "")),
        ("created-leading-zero", "a leading zero", _respelled(good, f"created={NOW}", f"created=0{NOW}")),
        ("space", "white space between parameters", _respelled(good, ";nonce", "; nonce")),
        ("second-signature", "a second signature in one field", good.with_field("signature-input", f"{twice}, x=()")),
        ("signature-short", "63 bytes", good.with_field("signature", "emla=:" + "A" * 84 + ":")),
    ):  # fmt: skip
        yield _vector(name, "unsigned-call", comment, signed)


def _not_ours() -> Iterable[Vector]:
    good, body = sign_call(LISTING, AT.sign), sign_call(RELEASING, AT.sign)

    def with_call(signed: SignedCall, **changes: object) -> SignedCall:
        return replace(signed, call=replace(signed.call, **changes))  # type: ignore[arg-type]  # names and types are those of Call

    foreign = sign_call(LISTING, DE.sign)
    for name, expect, comment, signed, row in (
        ("other-recipient", "misdirected-call", "signed for another gateway", sign_call(replace(LISTING, recipient="eu.hub-two"), AT.sign), 57),
        ("recipient-renamed", "bad-call-signature", "another gateway's name written over", sign_call(replace(LISTING, recipient="eu.hub-two"), AT.sign).with_field("emla-to", HUB.id), 57),
        ("unknown-sender", "unknown-sender", "by somebody who is not pinned", sign_call(replace(LISTING, sender="fr.moj"), AT.sign), 56),
        ("expired", "stale-call", "over at this very second", sign_call(LISTING, AT.sign, _at(NOW - 100, NOW + 10)), 56),
        ("early", "stale-call", "301 s ahead", sign_call(LISTING, AT.sign, _at(NOW + 311, NOW + 400)), 56),
        ("too-long", "stale-call", "good for 301 s", sign_call(LISTING, AT.sign, _at(NOW, NOW + 301)), 56),
        ("backwards", "stale-call", "over before it begins", sign_call(LISTING, AT.sign, _at(NOW + 20, NOW + 15)), 56),
        ("other-key", "bad-call-signature", "by another authority's key", foreign, 56),
        ("ledger-key", "bad-call-signature", "by the ledger key", sign_call(LISTING, AT.ledger), 56),
        ("other-method", "bad-call-signature", "the method was changed", with_call(good, method="DELETE"), 56),
        ("other-path", "bad-call-signature", "the path was changed", with_call(good, path="/emla/1/mailbox/1"), 56),
        ("other-query", "bad-call-signature", "the query was changed", with_call(good, query="after=1&wait=55"), 56),
        ("other-body", "bad-call-signature", "the body was changed", with_call(body, body=b'{"items":[{"item":2}],"v":1}'), 56),
        ("other-digest", "bad-call-signature", "the digest is that of another body", body.with_field("content-digest", form.content_digest(b"x")), 56),
        ("flipped", "bad-call-signature", "a bit of the signature is flipped", _flipped(good), 56),
    ):  # fmt: skip
        yield _vector(name, expect, comment, signed, row)


def _flipped(signed: SignedCall) -> SignedCall:
    value = signed.fields["signature"][0]
    other = "A" if value[10] != "A" else "B"
    return signed.with_field("signature", value[:10] + other + value[11:])


def pieces(vector: Vector) -> tuple[Call, dict[str, list[str]]]:
    """A vector's call as it arrives: sender and recipient are in the fields."""
    head, _, body = vector.body.partition(b"\n\n")
    first, *rest = head.decode().split("\n")
    method, _, target = first.partition(" ")
    path, _, query = target.partition("?")
    fields: dict[str, list[str]] = {}
    for line in rest:
        name, _, value = line.partition(": ")
        fields.setdefault(name, []).append(value)
    found = body if b"\n\n" in vector.body else None
    return Call(method=method, path=path, query=query, sender="", recipient="", body=found), fields
