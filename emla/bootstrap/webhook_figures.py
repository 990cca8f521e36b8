"""The metrics of webhooks: how many there are and how they stand, and what came of their calls."""

from collections.abc import Callable

from emla.flow.happenings.tell import Tell
from emla.ports.store import Reader
from emla.web.operations import Labelled, Many

RESULTS = ("taken", "refused", "unreachable")


def webhook_figures(tell: Callable[[], Tell | None], read: Reader) -> tuple[Many, Many]:
    """Gauges and counters with labels; names are stable, docs/reference/metrics.md lists them."""

    def states() -> Labelled:
        found: dict[tuple[str, ...], float] = dict.fromkeys((("active",), ("failing",), ("paused",)), 0.0)
        for each in read.webhooks():
            found[("paused" if each.paused else "failing" if each.failures else "active",)] += 1
        return found

    def results() -> Labelled:
        known = tell()
        return {(each,): float(known.results[each] if known else 0) for each in RESULTS}

    labelled: Many = {"emla_webhooks": ("Webhooks, by how they stand.", ("state",), states)}
    labelled_counters: Many = {
        "emla_webhook_calls": ("Events posted to targets, by what came of it.", ("result",), results)
    }
    return labelled, labelled_counters
