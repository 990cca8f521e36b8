"""Approvals and lists of officers: round trips, and the lists that are none."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import approval as form
from emla.formats.documents import decode_signed
from emla.formats.strict_json import Json, encode_octets
from emla.model.documents import ApprovalAct
from emla.model.errors import MalformedError
from emla.model.signed import PayloadType
from tests.support.authorities import Changes, changed
from tests.support.standing import approval_by, officer_key, officers_of
from tests.support.strategies import mutated

OFFICERS = officers_of("at.moj", "Anna Moser", "Ben Huber", "Cem Kaya")
LIST = form.encode_officers(OFFICERS)
APPROVAL = decode_signed(
    approval_by("Anna Moser", ApprovalAct.PROPOSE, bytes(32)), PayloadType.APPROVAL
).payload
SMALL_ORDER: Json = encode_octets(bytes(32))


def test_approvals_and_officers_are_read_as_they_were_written() -> None:
    approval = form.decode_approval(APPROVAL)
    assert (approval.act, approval.officer) == (ApprovalAct.PROPOSE, officer_key("Anna Moser").kid)
    assert form.decode_approval(form.encode_approval(approval)) == approval
    assert form.decode_officers(LIST) == OFFICERS
    second = replace(OFFICERS, version=2, prev=bytes(32))
    assert form.decode_officers(form.encode_officers(second)) == second


@given(st.data())
def test_mutated_bytes_are_what_they_should_be_or_malformed(data: st.DataObject) -> None:
    with suppress(MalformedError):
        form.decode_approval(data.draw(mutated(APPROVAL)))
    with suppress(MalformedError):
        form.decode_officers(data.draw(mutated(LIST)))


@pytest.mark.parametrize(
    "changes",
    [
        {"act": "allow"},
        {"document.type": PayloadType.REVOCATION.value},
        {"document.type": "card"},
        {"document.sha256": encode_octets(bytes(31))},
        {"document.x": 1},
        {"officer": "x"},
        {"at": -1},
        {"x": 1},
    ],
)
def test_an_approval_that_is_none_is_malformed(changes: Changes) -> None:
    with pytest.raises(MalformedError):
        form.decode_approval(changed(APPROVAL, changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"prev": encode_octets(bytes(32))},
        {"officers.1.name": "Anna Moser"},
        {"officers.1.name": " "},
        {"officers.1.name": "Ben\u202eHuber"},
        {"officers.1.alg": "h1"},
        {"officers.1.public": SMALL_ORDER},
        {"officers.1.kid": "0" * 32},
        {
            "officers.1.kid": officer_key("Anna Moser").kid,
            "officers.1.public": encode_octets(officer_key("Anna Moser").public),
        },
        {"officers": []},
    ],
)
def test_a_list_of_officers_that_is_none_is_malformed(changes: Changes) -> None:
    with pytest.raises(MalformedError):
        form.decode_officers(changed(LIST, changes))


def test_one_officer_alone_is_no_list() -> None:
    with pytest.raises(MalformedError):
        form.decode_officers(form.encode_officers(officers_of("at.moj", "Anna Moser")))
