"""The metrics of cases: how often people were reminded. Counts alone: neither what nor whose."""

from collections.abc import Callable

from emla.flow.reminders import KINDS, Reminders
from emla.web.operations import Labelled, Many


def case_figures(reminders: Callable[[], Reminders | None]) -> Many:
    """Counters; names are stable, docs/reference/metrics.md lists them."""

    def given() -> Labelled:
        found = reminders()
        return {(kind,): float(found.given[kind] if found else 0) for kind in KINDS}

    labelled_counters: Many = {
        "emla_case_reminders": ("Reminders of what is due in cases.", ("kind",), given),
    }
    return labelled_counters
