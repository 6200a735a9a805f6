"""What a monitoring system may know of the server: figures, and nobody's names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitmark.server.http_only import HttpOnly
from pitmark.store.figures import Figures

UNMATCHED = "none"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ServerMetrics:
    """Counts requests, and asks for the figures of the workspace when it is read.

    Args:
        figures: Gives the figures as of now.
    """

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "pitmark_requests", "Requests answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "pitmark_request_seconds",
            "Seconds until an answer began.",
            ("method", "route"),
            registry=self.registry,
            buckets=_BUCKETS_S,
        )
        self.registry.register(_WorkspaceCollector(figures))

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request.

        Args:
            method: Of HTTP.
            route: The template of its path, never the path itself.
            status: Of the answer.
            seconds: Until the answer began.
        """
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)


class _WorkspaceCollector(Collector):
    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures

    def describe(self) -> Iterator[Metric]:
        """Nothing: otherwise the database would be asked when the server is made."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The figures as of now."""
        found = asdict(self._figures())
        jobs = GaugeMetricFamily(
            "pitmark_jobs", "Jobs by kind and state.", labels=("kind", "state")
        )
        for (kind, state), count in found.pop("jobs").items():
            jobs.add_metric((kind, state), count)
        yield jobs
        for name, count in found.items():
            yield GaugeMetricFamily(f"pitmark_{name}", f"Number of {name}.", value=count)


class Measured(HttpOnly):
    """Notes every request, under the template of its route.

    Args:
        app: What answers.
        metrics: Where it notes.
    """

    def __init__(self, app: ASGIApp, metrics: ServerMetrics) -> None:
        super().__init__(app)
        self._metrics = metrics

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and note how."""
        began = time.perf_counter()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", UNMATCHED)
                spent = time.perf_counter() - began
                self._metrics.note(scope["method"], route, message["status"], spent)
            await send(message)

        await self._app(scope, receive, noting)
