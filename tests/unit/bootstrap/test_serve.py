"""Serve: what ends it is told to the operator as one error with a code."""

from emla.bootstrap.running import _cause
from emla.model.errors import StoreError


def test_a_failure_of_ours_is_taken_out_of_the_groups_that_tasks_wrap_it_in() -> None:
    ours = StoreError("store-failed", "a reason")
    inner = ExceptionGroup("destination", [ValueError("beside it"), ours])
    assert _cause(ExceptionGroup("relay", [KeyError("other"), inner])) is ours


def test_what_is_not_ours_is_told_as_it_is() -> None:
    bug = ValueError("a bug")
    assert _cause(bug) is bug
    assert _cause(ExceptionGroup("relay", [ExceptionGroup("destination", [bug])])) is bug
