"""Verifying acknowledgements: offline and at the sender. Each fault alone: tests/vectors/acknowledgement."""

import pytest

from emla.formats import acknowledgement as form
from emla.model.acknowledgement import NEGATIVE, Event
from emla.model.errors import InvalidAcknowledgementError
from emla.steps.verify_acknowledgement import read_acknowledgement, verify_acknowledgement
from tests.support.acknowledging import issue
from tests.support.authorities import Party, build, party

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")
PACKAGE, OTHER = build(AT, DE), build(AT, DE, number=2)
BUNDLE = form.encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE))


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("who", [AT, DE, HUB], ids=["sender", "recipient", "hub"])
def test_each_event_has_one_side_that_may_issue_it(event: Event, who: Party) -> None:
    stored = form.encode_bundle(issue(who, PACKAGE, event, reason="expired" if event in NEGATIVE else None))
    by_sender = {Event.SUBMISSION_ACCEPTANCE, Event.SUBMISSION_REJECTION, Event.RELAY_FAILURE}
    by_hub = {Event.HUB_ACCEPTANCE, Event.HUB_REJECTION}
    if who == (AT if event in by_sender else HUB if event in by_hub else DE):
        verified = verify_acknowledgement(stored, issuer=who.authority, subject=PACKAGE.subject)
        assert verified.acknowledgement.event is event
        assert verified.stored == stored
    else:
        with pytest.raises(InvalidAcknowledgementError) as caught:
            verify_acknowledgement(stored, issuer=who.authority, subject=PACKAGE.subject)
        assert caught.value.code == "acknowledgement-mismatch"


def test_without_the_package_signature_and_proof_verify_and_with_another_it_does_not_fit() -> None:
    assert verify_acknowledgement(BUNDLE, issuer=DE.authority).acknowledgement.pid == PACKAGE.pid
    with pytest.raises(InvalidAcknowledgementError) as caught:
        verify_acknowledgement(BUNDLE, issuer=DE.authority, subject=OTHER.subject)
    assert caught.value.code == "acknowledgement-mismatch"


def test_another_authority_has_not_issued_it() -> None:
    with pytest.raises(InvalidAcknowledgementError) as caught:
        verify_acknowledgement(BUNDLE, issuer=AT.authority)
    assert caught.value.code == "acknowledgement-mismatch"


def test_reading_believes_nothing_but_the_form() -> None:
    claim = read_acknowledgement(BUNDLE)
    assert (claim.bundle.index, claim.acknowledgement.pid) == (5, PACKAGE.pid)
    assert (
        form.acknowledgement_id(claim.signed.payload)
        == verify_acknowledgement(BUNDLE, issuer=DE.authority).aid
    )
    with pytest.raises(InvalidAcknowledgementError) as caught:
        read_acknowledgement(BUNDLE[:-1])
    assert caught.value.code == "malformed"
