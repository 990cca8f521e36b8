"""What case systems are told: nothing is missed, nothing is told that is not for the reader, and no reader holds anybody up.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_FEED = "tests/unit/flow/test_happenings.py"
_ROWS = "tests/attacks/test_rows_73_74.py"
_API = "tests/unit/web/test_events_api.py"

ROWS = (
    Safeguard(
        name="a place of a ledger that went on differently is refused",
        row="ADR 0044",
        file="emla/flow/happenings/feed.py",
        old="            if here == (after,):",
        new="            if here:",
        held_by=(f"{_FEED}::test_a_place_of_a_ledger_that_went_on_differently_is_refused",),
    ),
    Safeguard(
        name="what was committed between a step and its wait is not waited for",
        row="ADR 0044",
        file="emla/flow/happenings/feed.py",
        old="        if self._version != version or self.ended:",
        new="        if self.ended:",
        held_by=(f"{_FEED}::test_who_waits_is_woken_by_a_commit_and_by_nothing_else_but_the_end",),
    ),
    Safeguard(
        name="an operator is told of no case",
        row="row 74",
        file="emla/flow/happenings/sight.py",
        old="    return happening if caller.sees_all_cases else replace(happening, case_id=None)",
        new="    return happening",
        held_by=(f"{_FEED}::test_who_is_told_what",),
    ),
    Safeguard(
        name="a prosecutor is told of own cases alone",
        row="row 73",
        file="emla/flow/happenings/sight.py",
        old="    if not every_envelope or (happening.pid is None and happening.case_id is not None):",
        new="    if happening.pid is None and happening.case_id is not None:",
        held_by=(
            f"{_FEED}::test_who_is_told_what",
            f"{_ROWS}::test_events_tell_a_prosecutor_of_own_cases_and_an_operator_of_no_case",
        ),
    ),
    Safeguard(
        name="a token that ends ends its stream",
        row="row 74",
        file="emla/web/rights.py",
        old="        caller, _ = self._tokens.caller(_bearer(http_request))",
        new="        caller = caller_of(http_request)",
        held_by=(
            f"{_API}::test_a_token_that_ends_ends_its_stream_and_what_is_not_for_the_caller_is_never_sent",
        ),
    ),
    Safeguard(
        name="a reader that does not read is cut",
        row="ADR 0044",
        file="emla/web/events_api.py",
        old="        async with asyncio.timeout(self._limits.patience_seconds):\n            await response.write(data)",
        new="        async with asyncio.timeout(3600):\n            await response.write(data)",
        held_by=(f"{_API}::test_a_reader_that_does_not_read_is_cut_and_holds_nobody_up",),
    ),
)
