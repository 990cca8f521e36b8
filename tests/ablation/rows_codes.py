"""Code lists, instruments and time limits: data that jurists correct, and what is computed from them.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_LIST = "tests/unit/formats/test_genericode.py"
_FILES = "tests/unit/formats/test_instruments.py"
_INSTRUMENT = "tests/unit/model/test_instrument.py"
_DEADLINE = "tests/unit/model/test_deadline.py"

ROWS = (
    Safeguard(
        name="a code list in which a code stands twice is not used",
        row="faulty data",
        file="emla/formats/genericode.py",
        old="        if entry.code in codes:\n",
        new="        if False:\n",
        held_by=(f"{_LIST}::test_a_code_that_stands_twice_is_refused",),
    ),
    Safeguard(
        name="an instrument that its schema refuses is not used",
        row="faulty data",
        file="emla/formats/instruments.py",
        old="        if not self._schema.validate(root):\n",
        new="        if False:\n",
        held_by=(f"{_FILES}::test_a_file_that_the_schema_refuses_is_not_used",),
    ),
    Safeguard(
        name="about a State that is not recorded nothing is claimed",
        row="BR-005",
        file="emla/model/instrument.py",
        old="if instrument.covers is None or state in instrument.covers:",
        new="if instrument.covers is not state:",
        held_by=(f"{_FILES}::test_about_a_state_that_is_not_recorded_nothing_is_claimed",),
    ),
    Safeguard(
        name="an agreement of two sides is not in force within one",
        row="BR-005",
        file="emla/model/instrument.py",
        old="if first.side and first.side == second.side:",
        new="if not first.reason and first.side is second:",
        held_by=(f"{_INSTRUMENT}::test_two_sides_bind_each_other",),
    ),
    Safeguard(
        name="an instrument that a State left is not in force",
        row="BR-005",
        file="emla/model/instrument.py",
        old="if party.until is not None and party.until < on:",
        new="if party.until is not None and party.until < party.since:",
        held_by=(f"{_INSTRUMENT}::test_a_state_that_came_back_is_bound_again",),
    ),
    Safeguard(
        name="days are those of the requested authority",
        row="time limits",
        file="emla/model/deadline.py",
        old="    day = start.astimezone(zone).date()\n",
        new="    day = start.date()\n",
        held_by=(f"{_DEADLINE}::test_the_day_of_the_event_is_the_day_where_the_requested_authority_is",),
    ),
)
