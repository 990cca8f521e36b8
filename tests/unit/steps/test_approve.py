"""Approvals: two different officers for one document, and how the list of officers itself changes. Row 75: tests/attacks."""

from collections.abc import Sequence

import pytest

from emla.formats import approval as form
from emla.formats import dsse
from emla.formats.documents import decode_signed, document_hash
from emla.model.documents import ApprovalAct, Officers
from emla.model.errors import InvalidDocumentError
from emla.model.signed import PayloadType
from emla.steps.approve import OfficersChange, succeed_officers, trust_officers, verify_change
from tests.support.authorities import NOW, derived
from tests.support.standing import approval_by, officer_key, officers_of

PROPOSE, APPROVE = ApprovalAct.PROPOSE, ApprovalAct.APPROVE
OFFICERS = officers_of("at.moj", "Anna", "Ben", "Cem")
CARD = derived("card hash")


def refusal(approvals: Sequence[bytes], officers: Officers = OFFICERS) -> str:
    with pytest.raises(InvalidDocumentError) as caught:
        verify_change(PayloadType.CARD, CARD, approvals, officers)
    return caught.value.code


def change(officers: Officers, *by: str) -> OfficersChange:
    payload = form.encode_officers(officers)
    acts = (PROPOSE, *(APPROVE for _ in by[1:]))
    return OfficersChange(
        payload=payload,
        approvals=tuple(
            approval_by(name, act, document_hash(payload), kind=PayloadType.OFFICERS)
            for name, act in zip(by, acts, strict=True)
        ),
    )


def test_two_officers_stand_for_a_document_in_whatever_order_their_words_come() -> None:
    words = [approval_by("Anna", PROPOSE, CARD), approval_by("Ben", APPROVE, CARD, at=NOW + 60)]
    for order in (words, words[::-1]):
        approved = verify_change(PayloadType.CARD, CARD, order, OFFICERS)
        assert approved.proposal.officer == officer_key("Anna").kid
        assert approved.approval.officer == officer_key("Ben").kid
    third = verify_change(PayloadType.CARD, CARD, [*words, approval_by("Cem", APPROVE, CARD)], OFFICERS)
    assert third.approval.officer == officer_key("Cem").kid


@pytest.mark.parametrize(
    ("approvals", "code"),
    [
        ([], "approval-missing"),
        ([approval_by("Anna", PROPOSE, CARD)], "approval-missing"),
        ([approval_by("Anna", PROPOSE, CARD), approval_by("Ben", PROPOSE, CARD)], "approval-missing"),
        ([approval_by("Anna", APPROVE, CARD), approval_by("Ben", APPROVE, CARD)], "approval-missing"),
        ([approval_by("Anna", PROPOSE, CARD), approval_by("Dora", APPROVE, CARD)], "approval-missing"),
        (
            [approval_by("Anna", PROPOSE, CARD), approval_by("Ben", APPROVE, CARD, authority="de.bfj")],
            "approval-missing",
        ),
        (
            [approval_by("Anna", PROPOSE, CARD), approval_by("Ben", APPROVE, CARD, kind=PayloadType.ROOT)],
            "approval-missing",
        ),
        (
            [approval_by("Anna", PROPOSE, CARD), approval_by("Ben", APPROVE, CARD, at=NOW - 301)],
            "approval-missing",
        ),
        (
            [
                approval_by("Anna", PROPOSE, CARD),
                approval_by("Ben", APPROVE, CARD, signer=officer_key("Anna")),
            ],
            "bad-signature",
        ),
        ([approval_by("Anna", PROPOSE, CARD), b"{}"], "invalid-document"),
    ],
)
def test_a_change_without_two_officers_is_refused(approvals: Sequence[bytes], code: str) -> None:
    assert refusal(approvals) == code


def test_clocks_may_differ_by_as_much_as_everywhere() -> None:
    words = [approval_by("Anna", PROPOSE, CARD), approval_by("Ben", APPROVE, CARD, at=NOW - 300)]
    assert verify_change(PayloadType.CARD, CARD, words, OFFICERS).approval.at == NOW - 300


def test_one_word_that_does_not_hold_spoils_a_change_that_has_enough() -> None:
    good = [approval_by("Anna", PROPOSE, CARD), approval_by("Ben", APPROVE, CARD)]
    assert refusal([*good, approval_by("Cem", APPROVE, CARD, signer=officer_key("Ben"))]) == "bad-signature"
    assert refusal([*good, approval_by("Cem", APPROVE, derived("other"))]) == "approval-missing"


def test_an_approval_bears_no_second_signature() -> None:
    word = decode_signed(approval_by("Ben", APPROVE, CARD), PayloadType.APPROVAL).payload
    two = dsse.sign(PayloadType.APPROVAL, word, officer_key("Ben"), officer_key("Cem"))
    assert refusal([approval_by("Anna", PROPOSE, CARD), two]) == "bad-signature"


def test_each_list_of_officers_is_approved_by_the_one_before_it() -> None:
    first = change(OFFICERS, "Anna", "Ben")
    second = officers_of("at.moj", "Anna", "Dora", "Emil", version=2, prev=document_hash(first.payload))
    good = change(second, "Ben", "Cem")
    assert trust_officers([]) is None
    assert trust_officers([first]) == OFFICERS
    assert trust_officers([first, good]) == second
    assert succeed_officers(first.payload, good) == second
    # Dora and Emil are new: they cannot let themselves in, not even with one of the old ones.
    for by in (("Dora", "Emil"), ("Anna", "Dora")):
        with pytest.raises(InvalidDocumentError) as caught:
            succeed_officers(first.payload, change(second, *by))
        assert caught.value.code == "approval-missing"


def test_the_first_list_is_approved_by_two_whom_it_lists() -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        succeed_officers(None, change(OFFICERS, "Anna", "Dora"))
    assert caught.value.code == "approval-missing"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_list_is_exactly_one_version_more_and_names_the_one_before(version: int) -> None:
    first = change(OFFICERS, "Anna", "Ben")
    right = document_hash(first.payload)
    for prev in {None if version == 1 else right, None if version == 1 else derived("another")}:
        offered = change(officers_of("at.moj", "Anna", "Dora", version=version, prev=prev), "Ben", "Cem")
        if (version, prev) == (2, right):
            assert succeed_officers(first.payload, offered).version == 2
            continue
        with pytest.raises(InvalidDocumentError) as caught:
            succeed_officers(first.payload, offered)
        assert caught.value.code == "document-rollback"


def test_the_officers_of_another_authority_are_not_ours() -> None:
    first = change(OFFICERS, "Anna", "Ben")
    other = officers_of("de.bfj", "Anna", "Ben", version=2, prev=document_hash(first.payload))
    with pytest.raises(InvalidDocumentError) as caught:
        succeed_officers(first.payload, change(other, "Anna", "Ben"))
    assert caught.value.code == "invalid-document"
