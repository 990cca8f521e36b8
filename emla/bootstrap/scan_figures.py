"""The metrics of the malware scanner: how many scans came out how, and how many parts wait for a decision."""

from collections.abc import Callable

from emla.flow.line.scan import Scans
from emla.model.scan import ScanVerdict
from emla.web.operations import Labelled, Many

Single = dict[str, tuple[str, Callable[[], float]]]


def scan_figures(scans: Callable[[], Scans | None], held: Callable[[], int]) -> tuple[Single, Many]:
    """Gauges, and counters with labels; names are stable, docs/reference/metrics.md lists them."""

    def results() -> Labelled:
        found = scans()
        return {(each.value,): float(found.results[each.value] if found else 0) for each in ScanVerdict}

    def seconds() -> Labelled:
        found = scans()
        return {(found.kind or "none",): found.seconds} if found else {}

    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "emla_parts_held": ("Parts that the scanner did not call clean and nobody released.", held),
    }
    labelled_counters: Many = {
        "emla_scans": ("Parts given to the malware scanner, by what it said.", ("result",), results),
        "emla_scan_seconds": ("How long the malware scanner took, all together.", ("scanner",), seconds),
    }
    return gauges, labelled_counters
