"""Health and metrics, on a listener of their own that peers never reach.

`/healthz`: the process lives. `/readyz`: it takes packages (store, opener, disk, documents). `/metrics`: Prometheus text.
"""

import secrets
from collections.abc import Callable, Iterable
from typing import TypeVar

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from emla.web.problems import problem_middleware

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


Labelled = dict[tuple[str, ...], float]
"""Values of a metric by those of its labels."""
Many = dict[str, tuple[str, tuple[str, ...], Callable[[], Labelled]]]
"""Metrics with labels: their words, the names of their labels, how they are read."""


class Check:
    """One condition of readiness: its name, and what is wrong with it (empty when nothing is)."""

    __slots__ = ("name", "problem")

    def __init__(self, name: str, problem: Callable[[], str]) -> None:
        self.name = name
        self.problem = problem


class Figures(Collector):
    """Metrics read from the parts when they are asked for; nothing is counted twice."""

    def __init__(
        self,
        counters: dict[str, tuple[str, Callable[[], float]]],
        gauges: dict[str, tuple[str, Callable[[], float]]],
        legs: Callable[[], dict[tuple[str, str], int]],
        labelled: "Many | None" = None,
        labelled_counters: "Many | None" = None,
    ) -> None:
        self._counters = counters
        self._gauges = gauges
        self._legs = legs
        self._labelled = labelled or {}
        self._labelled_counters = labelled_counters or {}

    def collect(self) -> Iterable[Metric]:
        """Read every figure."""
        for name, (text, read) in self._counters.items():
            yield CounterMetricFamily(name, text, value=read())
        for name, (text, read) in self._gauges.items():
            yield GaugeMetricFamily(name, text, value=read())
        legs = GaugeMetricFamily("emla_legs", "Legs by kind and state.", labels=["kind", "state"])
        for (kind, state), count in self._legs().items():
            legs.add_metric([kind, state], count)
        yield legs
        for name, (text, labels, read_all) in self._labelled.items():
            yield _filled(GaugeMetricFamily(name, text, labels=list(labels)), read_all())
        for name, (text, labels, read_all) in self._labelled_counters.items():
            yield _filled(CounterMetricFamily(name, text, labels=list(labels)), read_all())


Family = TypeVar("Family", GaugeMetricFamily, CounterMetricFamily)


def _filled(family: Family, figures: Labelled) -> Family:
    for values, value in figures.items():
        family.add_metric(list(values), value)
    return family


class OperationsApi:
    """The handlers of the operations listener."""

    def __init__(self, checks: tuple[Check, ...], figures: Figures) -> None:
        self._checks = checks
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(figures)

    @property
    def ready(self) -> bool:
        """Whether every check passes."""
        return not any(check.problem() for check in self._checks)

    def application(self) -> web.Application:
        """The application for the operations listener."""
        application = web.Application(
            middlewares=[problem_middleware(lambda: secrets.token_hex(8), to_peer=False)]
        )
        application.router.add_get("/healthz", self.get_health)
        application.router.add_get("/readyz", self.get_ready)
        application.router.add_get("/metrics", self.get_metrics)
        return application

    async def get_health(self, http_request: web.Request) -> web.Response:
        """GET /healthz."""
        return web.json_response({"status": "alive"})

    async def get_ready(self, http_request: web.Request) -> web.Response:
        """GET /readyz: 200 or 503, with what is wrong."""
        found = {check.name: check.problem() for check in self._checks}
        ready = not any(found.values())
        body = {"ready": ready, "checks": {name: problem or "ok" for name, problem in found.items()}}
        return web.json_response(body, status=200 if ready else 503)

    async def get_metrics(self, http_request: web.Request) -> web.Response:
        """GET /metrics."""
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": _TEXT})
