"""The metrics of the door: who is connected, and who was told to wait or to go. A gateway and a hub have the same."""

from collections import Counter

from emla.flow.gateway import Gateway
from emla.web.guard import Guard
from emla.web.operations import Labelled, Many


def guard_figures(guard: Guard, gateway: Gateway) -> tuple[Many, Many]:
    """Gauges and counters; names are stable, docs/reference/metrics.md lists them."""
    labelled: Many = {
        "emla_connections": (
            "Connections of callers, by whose they are.",
            ("of",),
            lambda: {
                ("peers",): guard.connections.of_peers,
                ("strangers",): guard.connections.strangers,
            },
        ),
    }
    labelled_counters: Many = {
        "emla_connections_refused": (
            "Connections not taken, by what was full.",
            ("reason",),
            lambda: _by_name(guard.connections.refused),
        ),
        "emla_connections_closed": (
            "Connections closed on their callers, by deadline missed.",
            ("reason",),
            lambda: _by_name(guard.connections.closed),
        ),
        "emla_busy": ("Calls answered busy, by what was full.", ("reason",), lambda: _by_name(guard.busy)),
        "emla_quota": (
            "Calls of a peer answered quota.",
            ("peer",),
            lambda: _by_name(guard.refused_of_peers + gateway.reservations.refused),
        ),
    }
    return labelled, labelled_counters


def _by_name(counts: "Counter[str]") -> Labelled:
    return {(name,): float(count) for name, count in counts.items()}
