"""What a person may be, and when a token counts."""

import pytest

from emla.model.person import ALONE, CONTENT, Caller, PersonRole, Token, conflicts


@pytest.mark.parametrize("held", sorted(CONTENT))
def test_who_keeps_keys_or_audits_has_no_content(held: PersonRole) -> None:
    assert conflicts([PersonRole.KEY_CUSTODIAN, held])
    assert conflicts([PersonRole.AUDITOR, held])
    assert not conflicts([PersonRole.OPERATOR, held])


def test_a_token_counts_until_it_ends() -> None:
    token = Token(
        id="00", person="p", sha256=bytes(32), roles=CONTENT, label="", created_at=0, expires_at=100
    )
    assert token.counts(99)
    assert not token.counts(100)


def test_others_are_told_the_role_of_who_reads_and_a_central_officer_where_nobody_is_on_record() -> None:
    assert ALONE.reads_as is PersonRole.CENTRAL_OFFICER
    assert Caller(id="p", roles=frozenset({PersonRole.OPERATOR})).reads_as is None
    both = frozenset({PersonRole.APPROVER, PersonRole.OPERATOR})
    assert Caller(id="p", roles=both).reads_as is PersonRole.APPROVER
