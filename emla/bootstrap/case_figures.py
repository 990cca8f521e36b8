"""The metrics of cases: how time limits stand, and how often people were reminded. Counts alone: neither what nor whose."""

from collections import Counter
from collections.abc import Callable

from emla.flow.reminders import OVERDUE, RECEIPT, SOON, Reminders
from emla.model.time_limit import Course
from emla.web.operations import Labelled, Many

_COURSES = (Course.RUNNING.value, Course.OVERDUE.value, Course.SUSPENDED.value)


def case_figures(reminders: Callable[[], Reminders | None]) -> tuple[Many, Many]:
    """Gauges and counters; names are stable, docs/reference/metrics.md lists them."""

    def courses() -> Labelled:
        found = reminders()
        return _named(found.courses() if found else Counter(), _COURSES)

    def given() -> Labelled:
        found = reminders()
        return _named(found.given if found else Counter(), (SOON, OVERDUE, RECEIPT))

    labelled: Many = {
        "emla_case_limits": ("Time limits of cases, by how they stand.", ("course",), courses),
    }
    labelled_counters: Many = {
        "emla_case_reminders": ("Reminders of what is due in cases.", ("kind",), given),
    }
    return labelled, labelled_counters


def _named(counts: "Counter[str]", names: tuple[str, ...]) -> Labelled:
    return {(name,): float(counts[name]) for name in names}
