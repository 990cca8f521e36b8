"""Ownership: whose word counts about what was sent, and that the holder's gateway does what the owner says.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_TEST = "tests/unit/cases/test_holdings.py"
_FLOW = "tests/unit/flow/test_holdings.py"

ROWS = (
    Safeguard(
        name="what is confidential is for who is cleared",
        row="row 74",
        file="emla/flow/line/hand_over.py",
        old="""        part = await self._part(pid, number, caller)
        await self._holdings.require_cleared(part.content.manifest, number, caller, pid)
""",
        new="""        part = await self._part(pid, number, caller)
""",
        held_by=(
            f"{_FLOW}::test_what_is_confidential_is_for_who_is_cleared_until_its_owner_says_otherwise",
            "tests/attacks/test_rows_73_74.py::test_who_drafted_a_case_reads_it_and_the_leaf_says_so",
        ),
    ),
    Safeguard(
        name="what is sealed from its subject is for who is cleared",
        row="row 74",
        file="emla/model/restriction.py",
        old="return is_sealed or level_of(self.level) >= level_of(CONFIDENTIAL)",
        new="return level_of(self.level) >= level_of(CONFIDENTIAL)",
        held_by=(f"{_FLOW}::test_what_is_confidential_is_for_who_is_cleared_until_its_owner_says_otherwise",),
    ),
    Safeguard(
        name="what was recalled is not read",
        row="cases 6",
        file="emla/cases/onward.py",
        old="if thing.recall is not None:",
        new="if False:",
        held_by=(f"{_FLOW}::test_what_was_recalled_is_handed_out_no_more_and_the_attempt_leaves_a_leaf",),
    ),
    Safeguard(
        name="what binds is asked before a part is handed out",
        row="cases 6",
        file="emla/flow/line/hand_over.py",
        old="        await self._holdings.require_usable(manifest, number, caller, pid)",
        new="        pass",
        held_by=(f"{_FLOW}::test_a_limited_time_that_is_over_ends_the_reading",),
    ),
    Safeguard(
        name="the attempt to read what was recalled leaves a leaf",
        row="cases 6",
        file="emla/flow/holdings.py",
        old="        await self._gateway.store.write(event(self._gateway, CONTENT_REFUSED, facts))\n",
        new="",
        held_by=(f"{_FLOW}::test_what_was_recalled_is_handed_out_no_more_and_the_attempt_leaves_a_leaf",),
    ),
    Safeguard(
        name="only the owner recalls",
        row="cases 6",
        file="emla/cases/ownership.py",
        old="return claimant in (owner_of(brought), brought.sender)",
        new="return True",
        held_by=(f"{_TEST}::test_nobody_but_the_owner_or_who_sent_it_for_him_recalls",),
    ),
    Safeguard(
        name="only the owner consents",
        row="cases 6",
        file="emla/cases/ownership.py",
        old="return claimant == owner_of(brought)",
        new="return True",
        held_by=(f"{_TEST}::test_only_the_owner_consents",),
    ),
    Safeguard(
        name="who is not the owner can only tighten",
        row="cases 6",
        file="emla/cases/holdings.py",
        old="label = stricter(label, change.new_label)",
        new="label = replace(change.new_label, owner=holding.owner)",
        held_by=(f"{_TEST}::test_the_holder_can_bind_itself_and_lifts_nothing",),
    ),
    Safeguard(
        name="a file that came in is not passed on against its owner's word",
        row="BR-064",
        file="emla/cases/onward.py",
        old='    if label.passes == "NONE":\n',
        new='    if label.passes == "NONE":\n        return ""\n    if False:\n',
        held_by=(
            "tests/unit/flow/test_onward.py::test_what_may_not_be_passed_on_is_refused_and_nothing_is_kept",
        ),
    ),
    Safeguard(
        name="what goes on takes its label along",
        row="BR-064",
        file="emla/cases/onward.py",
        old="    left_out = lost(label, carried, holding.owner)",
        new="    left_out = ()",
        held_by=("tests/unit/flow/test_onward.py::test_with_consent_it_goes_and_takes_its_label_along",),
    ),
    Safeguard(
        name="what the owner said in between counts",
        row="BR-064",
        file="emla/flow/line/ahead.py",
        old="for each in (self.held, *self.compared):",
        new="for each in (self.held,):",
        held_by=("tests/unit/flow/test_onward.py::test_a_recall_that_comes_between_check_and_commit_counts",),
    ),
    Safeguard(
        name="what crossed a withdrawal is not read",
        row="cases 6",
        file="emla/cases/onward.py",
        old="if holding.unusable:",
        new="if False:",
        held_by=(f"{_TEST}::test_what_crossed_a_withdrawal_is_not_read_until_its_fate_is_settled",),
    ),
)
