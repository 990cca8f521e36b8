"""Access reports: who is told, what, how often; what of an answer is believed; and what goes when the case does.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_ASK = "emla/flow/accesses/ask.py"
_GIVE = "emla/flow/accesses/give.py"
_VERIFY = "emla/steps/verify_access_report.py"
_TEST = "tests/unit/flow/test_accesses.py"
_VECTOR = "tests/unit/test_vectors.py::test_our_code_says_what_the_vector_says[accesses/{}]"

ROWS = (
    Safeguard(
        name="a holder in circles is asked from the beginning once",
        row="ADR 0053",
        file=_ASK,
        old="place, is_begun_anew = FIRST_PLACE, True",
        new="place = FIRST_PLACE",
        held_by=(f"{_TEST}::test_a_holder_that_goes_in_circles_is_asked_from_the_beginning_once",),
    ),
    Safeguard(
        name="a report that says nothing new is not kept",
        row="accesses 4.8",
        file="emla/flow/accesses/kept.py",
        old="return is_more or is_less or not self._has_spoken",
        new="return True",
        held_by=(f"{_TEST}::test_what_says_nothing_new_is_not_kept_and_what_contradicts_is_kept_once",),
    ),
    Safeguard(
        name="a contradiction is kept once",
        row="accesses 4.8",
        file="emla/flow/accesses/kept.py",
        old="self._left_out.setdefault(epoch, set()).update(self._missing(report))",
        new="pass",
        held_by=(f"{_TEST}::test_what_says_nothing_new_is_not_kept_and_what_contradicts_is_kept_once",),
    ),
    Safeguard(
        name="what is kept of one holder has a size",
        row="ADR 0053",
        file=_ASK,
        old="if heard.size_bytes + len(sealed) > KEPT_BYTES_MAX:",
        new="if False:",
        held_by=(f"{_TEST}::test_what_is_kept_of_one_holder_has_a_size",),
    ),
    Safeguard(
        name="a holder is asked by one call at a time",
        row="ADR 0053",
        file=_ASK,
        old="if (asking := (case_id, holder)) in self._asking:",
        new="if (asking := (case_id, holder)) is None:",
        held_by=(f"{_TEST}::test_a_holder_is_asked_by_one_call_at_a_time",),
    ),
    Safeguard(
        name="who read is for the owner alone",
        row="accesses 2.3",
        file=_GIVE,
        old="if not pids:",
        new="if False:",
        held_by=(f"{_TEST}::test_for_anybody_but_the_owner_there_is_nothing",),
    ),
    Safeguard(
        name="an owner hears of its own packages alone",
        row="accesses 3.4",
        file=_GIVE,
        old="elif access.pid not in pids:",
        new="elif False:",
        held_by=(f"{_TEST}::test_the_owner_hears_of_each_read_once_by_role_and_keeps_what_was_said",),
    ),
    Safeguard(
        name="an officer's name is given by decision alone",
        row="accesses 3.3",
        file=_GIVE,
        old="if not self._gateway.settings.cases.names_in_access_reports:",
        new="if False:",
        held_by=(f"{_TEST}::test_many_reads_come_in_reports_one_after_another_until_it_is_too_often",),
    ),
    Safeguard(
        name="an asker is answered so often and no more",
        row="accesses 2.4",
        file=_GIVE,
        old="if not self._pace.take(asker):",
        new="if False:",
        held_by=(f"{_TEST}::test_many_reads_come_in_reports_one_after_another_until_it_is_too_often",),
    ),
    Safeguard(
        name="what goes on to others is recorded for its owner",
        row="accesses 1.2",
        file="emla/flow/line/besides.py",
        old=" + _passed(gateway, submission, message, seen)",
        new="",
        held_by=("tests/unit/flow/test_onward.py::test_with_consent_it_goes_and_takes_its_label_along",),
    ),
    Safeguard(
        name="what holders said is erased with its case",
        row="I10",
        file="emla/store/sqlite/erasure_rows.py",
        old="    access_rows.OVERWRITTEN,\n",
        new="",
        held_by=(
            f"{_TEST}::test_what_was_said_goes_with_the_case_and_the_holder_still_tells_who_read_what_is_gone",
        ),
    ),
    Safeguard(
        name="a report is the holder's own word",
        row="accesses 4.3",
        file=_VERIFY,
        old="if key is None or not dsse.verifies(envelope, kid, key.public):",
        new="if False:",
        held_by=(_VECTOR.format("forged"),),
    ),
    Safeguard(
        name="a report answers what was asked",
        row="accesses 4.6",
        file=_VERIFY,
        old="if report.case_id != case_id or not _answers(report.first, first):",
        new="if False:",
        held_by=(_VECTOR.format("other-case"), _VECTOR.format("other-place")),
    ),
    Safeguard(
        name="a report stands under the holder's ledger",
        row="accesses 4.7",
        file=_VERIFY,
        old="    _check_checkpoint(report, holder)\n    return report",
        new="    return report",
        held_by=(_VECTOR.format("checkpoint-sign-key"), _VECTOR.format("checkpoint-small")),
    ),
)
