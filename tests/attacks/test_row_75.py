"""Row 75. One key officer proposes and approves; approval replayed for other document.

Expected: refused. (Here: what the signed words prove. That nothing is published is tested with the command.)
"""

import pytest

from emla.model.documents import ApprovalAct
from emla.model.errors import InvalidDocumentError
from emla.model.signed import PayloadType
from emla.steps.approve import verify_change
from tests.support.authorities import derived
from tests.support.standing import approval_by, officer_key, officers_of

PROPOSE, APPROVE = ApprovalAct.PROPOSE, ApprovalAct.APPROVE
OFFICERS = officers_of("at.moj", "Anna", "Ben")
CARD, OTHER = derived("card"), derived("another card")


def verdict(*approvals: bytes, kind: PayloadType = PayloadType.CARD) -> str:
    try:
        verify_change(kind, CARD, approvals, OFFICERS)
    except InvalidDocumentError as error:
        return error.code
    return "success"


def test_two_officers_can() -> None:
    assert verdict(approval_by("Anna", PROPOSE, CARD), approval_by("Ben", APPROVE, CARD)) == "success"


@pytest.mark.parametrize("others", [[], [approval_by("Ben", APPROVE, CARD)]])
def test_one_officer_does_not_act_twice_whoever_else_does(others: list[bytes]) -> None:
    twice = (approval_by("Anna", PROPOSE, CARD), approval_by("Anna", APPROVE, CARD))
    assert verdict(*twice, *others) == "same-officer"
    assert verdict(twice[0], twice[0], *others) == "same-officer"


def test_a_word_about_another_document_is_none_about_this_one() -> None:
    proposal = approval_by("Anna", PROPOSE, CARD)
    assert verdict(proposal, approval_by("Ben", APPROVE, OTHER)) == "approval-missing"
    assert verdict(proposal, approval_by("Ben", APPROVE, CARD, kind=PayloadType.ROOT)) == "approval-missing"
    words = (proposal, approval_by("Ben", APPROVE, CARD))
    assert verdict(*words, kind=PayloadType.ROOT) == "approval-missing"


def test_nobody_lends_a_name() -> None:
    lent = approval_by("Ben", APPROVE, CARD, signer=officer_key("Anna"))
    assert verdict(approval_by("Anna", PROPOSE, CARD), lent) == "bad-signature"
