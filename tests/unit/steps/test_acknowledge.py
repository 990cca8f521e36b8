"""Acknowledging: what is signed is what happened to this package, and a reason stands where a no is said."""

import pytest

from emla.formats import acknowledgement as form
from emla.formats import dsse
from emla.model.acknowledgement import NEGATIVE, Event
from emla.steps.acknowledge import acknowledge
from tests.support.authorities import NOW, build, party

AT, DE = party("at.moj"), party("de.bfj")
PACKAGE = build(AT, DE)


@pytest.mark.parametrize("event", Event)
def test_an_acknowledgement_says_what_happened_to_which_package(event: Event) -> None:
    reason = "expired" if event in NEGATIVE else None
    issued = acknowledge(
        event, PACKAGE.subject, by=DE.id, card=DE.card, at=NOW, signer=DE.sign, reason=reason
    )
    signed = form.decode_signed(issued.signed)
    assert dsse.verifies(signed, DE.sign.kid, DE.sign.public)
    assert form.decode(signed.payload) == issued.acknowledgement
    assert issued.aid == form.acknowledgement_id(signed.payload)
    said = issued.acknowledgement
    assert (said.event, said.pid, said.by, said.reason) == (event, PACKAGE.pid, DE.id, reason)
    assert said.header_signature_sha256 == PACKAGE.subject.signature_sha256


@pytest.mark.parametrize("event", Event)
def test_no_reason_for_a_yes_and_no_no_without_one(event: Event) -> None:
    reason = None if event in NEGATIVE else "expired"
    with pytest.raises(ValueError, match="reason"):
        acknowledge(event, PACKAGE.subject, by=DE.id, card=DE.card, at=NOW, signer=DE.sign, reason=reason)
