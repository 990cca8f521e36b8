"""Statuses and revocations: round trips and mutated bytes. One fault at a time: tests/vectors/documents."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import standing as form
from emla.model.documents import Revocation, Status
from emla.model.errors import MalformedError
from tests.support.authorities import NOW, party
from tests.support.standing import revocation_of, status_of
from tests.support.strategies import authorities, instants, lines, mutated, octets16, octets32

AT = party("at.moj")
STATUS = form.encode_status(status_of(AT.authority))
REVOCATION = form.encode_revocation(revocation_of(AT, AT.sign.kid))
VERSIONS = st.integers(1, 2**53 - 1)


@st.composite
def statuses(draw: st.DrawFn) -> Status:
    at = draw(st.integers(0, 2**36))
    return Status(
        authority=draw(authorities),
        at=at,
        expires=at + draw(st.integers(1, form.STATUS_LIFE_SECONDS_MAX)),
        root_version=draw(VERSIONS),
        root_sha256=draw(octets32),
        card_version=draw(VERSIONS),
        card_sha256=draw(octets32),
        profile_version=draw(VERSIONS),
        profile_sha256=draw(octets32),
        revocations=tuple(sorted(draw(st.sets(octets32, max_size=form.REVOCATIONS_MAX)))),
        checkpoint=draw(st.sampled_from([b"", b"origin\n1\nroot\n"])),
    )


@st.composite
def revocations(draw: st.DrawFn) -> Revocation:
    created = draw(instants)
    return Revocation(
        authority=draw(authorities),
        root_version=draw(VERSIONS),
        kid=draw(st.none() | octets16.map(bytes.hex)),
        invalid_since=draw(st.integers(0, created)),
        created=created,
        reason=draw(lines),
    )


@given(statuses())
def test_a_status_is_read_as_it_was_written(status: Status) -> None:
    assert form.decode_status(form.encode_status(status)) == status


@given(revocations())
def test_a_revocation_is_read_as_it_was_written(revocation: Revocation) -> None:
    assert form.decode_revocation(form.encode_revocation(revocation)) == revocation


@given(st.data())
def test_mutated_bytes_are_a_document_or_malformed(data: st.DataObject) -> None:
    with suppress(MalformedError):
        form.decode_status(data.draw(mutated(STATUS)))
    with suppress(MalformedError):
        form.decode_revocation(data.draw(mutated(REVOCATION)))


@pytest.mark.parametrize(("life", "good"), [(0, False), (1, True), (7 * 86400, True), (7 * 86400 + 1, False)])
def test_a_status_lives_for_seven_days_at_most(*, life: int, good: bool) -> None:
    data = form.encode_status(replace(status_of(AT.authority), expires=NOW + life))
    if good:
        assert form.decode_status(data).expires == NOW + life
    else:
        with pytest.raises(MalformedError):
            form.decode_status(data)
