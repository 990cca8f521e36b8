"""Legs and packages in trouble, and what two officers do about them.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

ROWS = (
    Safeguard(
        name="an act needs two officers",
        row="6",
        file="emla/flow/changes.py",
        old="await self._carry_out(self._approved(sha256))",
        new="await self._carry_out(change)",
        held_by=("tests/unit/flow/test_acts.py::test_one_officer_alone_carries_nothing_out",),
    ),
    Safeguard(
        name="an act waits for seven days",
        row="6",
        file="emla/flow/acts.py",
        old="if act.lapsed(now):",
        new="if False:",
        held_by=("tests/unit/flow/test_acts.py::test_an_act_waits_for_seven_days_and_no_longer",),
    ),
    Safeguard(
        name="an act is possible when it is carried out",
        row="6",
        file="emla/flow/acts.py",
        old="    found.check(act)\n",
        new="",
        held_by=(
            "tests/unit/flow/test_acts.py::test_an_act_that_has_become_impossible_leaves_nothing_but_the_words",
        ),
    ),
    Safeguard(
        name="an act's texts cannot write on the screen of who signs",
        row="75",
        file="emla/formats/act.py",
        old='            check_line("act.facts", text, FACT_CHARACTERS_MAX)',
        new="            pass",
        held_by=("tests/unit/formats/test_act.py::test_an_act_that_is_none_is_malformed",),
    ),
)
