"""Time limits of a case: from when they run, when they end, and of whom nothing is asked; statistics, and what leaves of them.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_LIMITS = "tests/unit/cases/test_deadlines.py"
_DISCLOSURE = "tests/unit/cases/test_disclosure.py"
_REMINDERS = "tests/unit/flow/test_reminders.py"
_FLOW = "tests/unit/flow/test_case_clocks.py"
_FORMS = "tests/unit/formats/test_documents.py"

ROWS = (
    Safeguard(
        name="an extension is no longer than the instrument allows",
        row="EIO 12(5)",
        file="emla/cases/deadlines.py",
        old="            if longest is not None:",
        new="            if longest is None:",
        held_by=(
            f"{_LIMITS}::test_a_recognition_is_extended_by_a_notice_and_not_beyond_what_the_instrument_allows",
        ),
    ),
    Safeguard(
        name="a limit runs only in a request that rests on its instrument",
        row="domain 2.4",
        file="emla/cases/deadlines.py",
        old="    return limit.instrument in history.instruments\n",
        new="    return limit.instrument != ''\n",
        held_by=(f"{_LIMITS}::test_what_has_no_limit_by_law_or_word_has_none",),
    ),
    Safeguard(
        name="what is sent and has not arrived stops no clock",
        row="ETS24 16(4)",
        file="emla/cases/runs.py",
        old="    arrived = [history.arrivals[each.key] for each in requests if each.key in history.arrivals]\n",
        new="    arrived = [each.issued_at for each in requests]\n",
        held_by=(
            f"{_LIMITS}::test_a_request_that_is_sent_and_has_not_arrived_does_not_stop_the_clock_of_an_arrest",
        ),
    ),
    Safeguard(
        name="a day that no calendar can count loses no other limit",
        row="domain 2.4",
        file="emla/cases/deadlines.py",
        old="                yield _of_day(kind, named, calendar), named.run\n            except OverflowError:\n",
        new="                yield _of_day(kind, named, calendar), named.run\n            except KeyError:\n",
        held_by=(f"{_LIMITS}::test_a_day_that_no_calendar_can_count_is_no_limit_and_loses_no_other",),
    ),
    Safeguard(
        name="holidays that are not known are said to be unknown",
        row="domain 2.4",
        file="emla/cases/deadlines.py",
        old="    if unit is Unit.WORKING_DAYS and not calendar.knows(first, last):\n",
        new="    if unit is Unit.WORKING_DAYS and not calendar.holidays:\n",
        held_by=(f"{_LIMITS}::test_working_days_pass_over_holidays_and_say_when_these_are_not_known",),
    ),
    Safeguard(
        name="a wish is no duty",
        row="UNCAC 46(24)",
        file="emla/model/time_limit.py",
        old="        return self.firm and self.course is Course.OVERDUE\n",
        new="        return self.course is Course.OVERDUE\n",
        held_by=(f"{_LIMITS}::test_what_should_be_done_where_possible_is_shown_and_never_overdue",),
    ),
    Safeguard(
        name="what is left of a hidden cell is weighed before anything leaves",
        row="domain 4.3",
        file="emla/cases/disclosure.py",
        old="            if high - low + 1 < _VALUES_LEFT:\n",
        new="            if high + low < _VALUES_LEFT - 9:\n",
        held_by=(f"{_DISCLOSURE}::test_a_cell_that_the_others_would_give_away_takes_another_one_with_it",),
    ),
    Safeguard(
        name="the total that other tables give away is weighed, too",
        row="domain 4.3",
        file="emla/cases/disclosure.py",
        old="    least = max((total.least, *(low for low, _ in known)))\n    most = min((total.most, *(high for _, high in known)))\n",
        new="    least, most = (total.least, total.most) if known else (0, 0)\n",
        held_by=(f"{_DISCLOSURE}::test_what_another_table_says_of_the_total_is_weighed",),
    ),
    Safeguard(
        name="a holiday that cannot be read costs a peer nothing",
        row="documents 4.7",
        file="emla/formats/working_days.py",
        old="    return days if encode_working_days(days) == found else NOT_SAID\n",
        new="    return days\n",
        held_by=(f"{_FORMS}::test_days_that_cannot_be_read_say_nothing_and_cost_a_peer_nothing",),
    ),
    Safeguard(
        name="a restart repeats no reminder",
        row="T1",
        file="emla/flow/reminders.py",
        old="if transaction.warn(subject, each.days)",
        new="if transaction.warn(subject, each.days) in (True, False)",
        held_by=(f"{_REMINDERS}::test_each_reminder_is_given_once_and_a_restart_repeats_none",),
    ),
    Safeguard(
        name="a row of a reminder does not say what is due",
        row="at rest",
        file="emla/flow/reminders.py",
        old="hashlib.blake2b(words, key=key, digest_size=16).hexdigest()",
        new="words.decode()",
        held_by=(f"{_REMINDERS}::test_neither_the_rows_nor_the_log_say_what_is_due",),
    ),
    Safeguard(
        name="a case is looked at again when an instant has come",
        row="T1",
        file="emla/flow/reminders.py",
        old="    if looked.again_at is not None:\n",
        new="    if looked.again_at is not None and not looked.item:\n",
        held_by=(
            f"{_REMINDERS}::test_a_case_is_looked_at_when_something_came_or_an_instant_has_come_and_at_no_other_time",
        ),
    ),
    Safeguard(
        name="what comes while a case is looked at is looked at, too",
        row="T1",
        file="emla/store/sqlite/case_rows.py",
        old='"DELETE FROM case_agenda WHERE at = ? AND case_id = ? AND times = ?"',
        new='"DELETE FROM case_agenda WHERE at = ? AND case_id = ? AND times >= ? - 99"',
        held_by=(f"{_REMINDERS}::test_what_comes_while_a_case_is_looked_at_is_not_lost",),
    ),
    Safeguard(
        name="limits are looked at again when a request has arrived",
        row="domain 2.4",
        file="emla/flow/record.py",
        old="        if said.event is Event.CONTENT_CONSIGNMENT:\n",
        new="        if said.event is Event.CONTENT_HANDOVER:\n",
        held_by=(f"{_REMINDERS}::test_the_sender_looks_at_a_case_again_when_its_request_has_arrived",),
    ),
    Safeguard(
        name="a quarter gives one answer",
        row="domain 4.3",
        file="emla/flow/statistics.py",
        old="            found = self._kept.get((year, until))\n",
        new="            found = None\n",
        held_by=(f"{_FLOW}::test_a_statistic_of_a_quarter_is_made_once_and_hides_what_is_small",),
    ),
    Safeguard(
        name="reminders wait for the token",
        row="token",
        file="emla/flow/reminders.py",
        old="except ConfigurationError as error:  # the token that signs the leaves does not answer",
        new="except ZeroDivisionError as error:",
        held_by=(
            "tests/unit/flow/test_reminders.py::test_reminders_wait_for_the_token_that_signs_their_leaves",
        ),
    ),
    Safeguard(
        name="no date is too far to be counted with",
        row="a rule",
        file="emla/cases/reminding.py",
        old="    except OverflowError:",
        new="    except ZeroDivisionError:",
        held_by=(
            "tests/unit/flow/test_outlived.py::test_who_lets_something_be_kept_without_end_silences_no_other_reminder",
        ),
    ),
)
