"""Pings: round trips, mutated bytes, and software that cannot write on a terminal."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import ping as form
from emla.model.errors import MalformedError
from emla.model.ping import Ping
from tests.support.authorities import changed
from tests.support.strategies import mutated, pings


@given(ping=pings)
def test_a_ping_is_read_as_it_was_written(ping: Ping) -> None:
    assert form.decode(form.encode(ping)) == ping


@given(data=st.data(), ping=pings)
def test_mutated_bytes_are_a_ping_or_malformed(data: st.DataObject, ping: Ping) -> None:
    with suppress(MalformedError):
        form.decode(data.draw(mutated(form.encode(ping))))


@pytest.mark.parametrize("software", ["emla\x1b[2J", "emla\n", "x" * 65])
def test_software_is_one_short_plain_line(software: str) -> None:
    good = form.encode(
        Ping(sender="at.moj", recipient="de.bfj", at=0, nonce=bytes(16), software="emla/0.1", card_version=1)
    )
    with pytest.raises(MalformedError):
        form.decode(changed(good, {"software": software}))
