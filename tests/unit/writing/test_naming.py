"""An id that several messages use means the one that the officer may speak of; what none uses is left as it was said."""

from dataclasses import replace

import pytest

from emla.cases.fold import fold
from emla.model.errors import NotFoundError
from emla.writing.choosing import begun_with
from emla.writing.naming import Named, find
from emla.writing.situation import Brought, situations
from tests.support.legal_acts import ASKED, ASKS, CASE, in_execution

OURS, NEWER, THEIRS, PRESUMED = "a" * 32, "b" * 32, "1234567890ab" + "c" * 20, "d" * 32


def test_the_message_that_is_presumed_comes_first_then_the_newest_of_the_right_side_then_any() -> None:
    (situation,) = situations(fold(in_execution()[0].acts), CASE, ASKED)
    situation = replace(
        situation,
        brought=(
            Brought(message_id=PRESUMED, sender=ASKED, files=("A1",)),
            Brought(message_id=OURS, sender=ASKED, files=("A1", "A2")),
            Brought(message_id=NEWER, sender=ASKED, files=("A1", "A2")),
            Brought(message_id=THEIRS, sender=ASKS, files=("A2", "A3"), items=("I1",)),
        ),
    )

    def found(said: str, *, ours: bool = True) -> Named:
        return find(situation, said, PRESUMED, ours=ours)

    assert found("A1") == Named(message_id=PRESUMED, element="AttachmentId")
    assert found("A2") == Named(message_id=NEWER, element="AttachmentId")
    assert found("A2", ours=False) == Named(message_id=THEIRS, element="AttachmentId")
    assert found("A3") == Named(message_id=THEIRS, element="AttachmentId")
    assert found("I1") == Named(message_id=THEIRS, element="ItemId")
    for whole in (THEIRS, THEIRS[:12], THEIRS[:12].upper()):
        assert found(whole) == Named(message_id=THEIRS, element="")
    for unknown in ("NOPE", THEIRS[:11], "f" * 32):
        assert found(unknown) == Named(message_id=PRESUMED, element="ItemId")


def test_a_request_is_named_by_a_beginning_that_is_of_one_alone() -> None:
    (one,) = situations(fold(in_execution()[0].acts), CASE, ASKED)
    opening = one.opening
    both = [
        replace(one, opening=replace(opening, message_id=f"019ac5f2b1e0{end}"))
        for end in ("0" * 20, "1" * 20)
    ]

    assert begun_with("", both) == both
    assert begun_with("019AC5F2B1E01", both) == both[1:]
    with pytest.raises(NotFoundError, match="ids of several requests begin with 019ac5f2b1e0"):
        begun_with("019ac5f2b1e0", both)
    with pytest.raises(NotFoundError, match="no request f"):
        begun_with("f", both)
