"""Sealing: what is sealed opens, whatever the parts; what a recipient would refuse is refused before it is
sealed.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emla.formats import cc1, padme
from emla.model.errors import InvalidMessageError
from emla.model.limits import WIRE
from emla.model.message import SigningOfficer
from emla.model.package import PartRole, Priority, VerifiedPackage
from emla.steps.address import address
from emla.steps.seal import PayloadSealer, SealingPlan, seal
from emla.steps.unseal import unseal
from emla.steps.verify_package import verify_package
from tests.support.authorities import DAY, NOW, Parts, derived, find, party

AT, DE = party("at.moj"), party("de.bfj")
PLAN = SealingPlan(
    sender=AT.id,
    recipient=DE.id,
    recipient_key=DE.authority.card.keys[2],
    sender_card=AT.card,
    recipient_card=DE.card,
    epoch=1,
    msg=derived("msg", length=16),
    payload_id=derived("payload", length=16),
    cek=derived("cek"),
    salt=derived("salt"),
    created=NOW,
    expires=NOW + 60 * DAY,
    prio=Priority.URGENT,
    conversation=derived("conv", length=16),
    message="MLARequest",
    in_reply_to=None,
    officer=SigningOfficer(name="A. Officer", post="Prosecutor"),
)
MAIN = (PartRole.MAIN, "application/xml", "request.xml", b"<a/>")


@settings(max_examples=25)
@given(sizes=st.lists(st.sampled_from([0, 1, 100, 65535, 65536, 65537, 140_000]), max_size=3))
def test_what_is_sealed_addressed_and_sent_opens_at_the_recipient(sizes: list[int]) -> None:
    annexes = tuple((PartRole.ANNEX, "a/b", f"{n}", derived(n, length=size)) for n, size in enumerate(sizes))
    parts: Parts = (MAIN, *annexes)
    sealed = seal(PLAN, parts)
    assert sealed.payload is not None
    package = address(sealed.draft, seq=1, prev=None, signer=AT.sign)
    verified = verify_package(
        package.signed, addressee=DE.addressee, find_sender=find(AT), now=NOW, limits=WIRE
    )
    assert isinstance(verified, VerifiedPackage)
    assert verified.pid == package.pid
    payload = sealed.payload
    opened = unseal(verified.header, lambda start, end: payload[start:end], DE.find_key, 1 << 20)
    assert opened.main == b"<a/>"
    assert (opened.cek, opened.manifest_bytes) == (sealed.cek, sealed.manifest)
    assert [part.size for part in opened.manifest.parts] == [4, *sizes]
    stream = cc1.stream_size(len(payload))
    assert stream is not None
    assert padme.padded_size(stream) == stream


def test_streaming_gives_the_same_bytes_as_sealing_at_once() -> None:
    data = derived("annex", length=200_000)
    whole = seal(PLAN, (MAIN, (PartRole.ANNEX, "a/b", "x", data)))
    sealer = PayloadSealer(PLAN)
    sealer.begin_part(*MAIN[:3])
    pieces = [sealer.update(MAIN[3])]
    sealer.end_part()
    sealer.begin_part(PartRole.ANNEX, "a/b", "x")
    pieces += [sealer.update(memoryview(data)[start : start + 7919]) for start in range(0, len(data), 7919)]
    sealer.end_part()
    pieces.append(sealer.finish())
    assert b"".join(pieces) == whole.payload
    streamed = sealer.sealed(None)
    assert streamed.payload is None
    assert replace(streamed.draft, stanza=b"") == replace(whole.draft, stanza=b"")


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, officer=SigningOfficer(name="A\nB", post="x")),
        replace(PLAN, officer=SigningOfficer(name="A", post="x" * 257)),
        replace(PLAN, message="request"),
    ],
)
def test_what_the_recipient_must_refuse_is_refused_here(plan: SealingPlan) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        seal(plan, (MAIN,))
    assert caught.value.code == "invalid-message"


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ((PartRole.ANNEX, "a/b", "x", b""),),
        (MAIN, MAIN),
        ((PartRole.MAIN, "Application/XML", "x", b""),),
    ],
)
def test_parts_the_recipient_must_refuse_are_refused_here(parts: Parts) -> None:
    with pytest.raises(InvalidMessageError):
        seal(PLAN, parts)


def test_too_many_parts_are_too_large() -> None:
    sealer = PayloadSealer(PLAN)
    for _ in range(WIRE.parts):
        sealer.begin_part(*MAIN[:3])
        sealer.end_part()
    with pytest.raises(InvalidMessageError) as caught:
        sealer.begin_part(*MAIN[:3])
    assert caught.value.code == "too-large"


def test_bytes_outside_a_part_are_a_programmers_error() -> None:
    with pytest.raises(ValueError, match="part"):
        PayloadSealer(PLAN).update(b"x")
    with pytest.raises(ValueError, match="part"):
        PayloadSealer(PLAN).end_part()
