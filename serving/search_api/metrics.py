"""Prometheus metrics of the search API; no label takes its values from a request."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from uniecs.search.request import SearchResponse

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class SearchMetrics:
    """What one application counts.

    Args:
        admitted: Number of searches that run or wait now.
    """

    def __init__(self, admitted: Callable[[], int]) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "uniecs_search_requests",
            "Answers: ok, or the code of the error.",
            ["outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "uniecs_search_seconds",
            "Time of a search, and of each of its stages.",
            ["stage"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._features = Counter(
            "uniecs_search_features",
            "Searches by whether features were joined.",
            ["status"],
            registry=registry,
        )
        self._generation = _AnsweringGeneration()
        registry.register(self._generation)
        Gauge(
            "uniecs_search_admitted", "Searches that run or wait for their turn.", registry=registry
        ).set_function(admitted)

    def answered(self, response: SearchResponse) -> None:
        """Record one answer."""
        self._requests.labels("ok").inc()
        self._features.labels(response.features).inc()
        for stage, milliseconds in response.timings_ms.items():
            self._seconds.labels(stage).observe(milliseconds / 1000)
        self._generation.facts = (response.generation, response.model_version)

    def refused(self, code: str) -> None:
        """Record one error."""
        self._requests.labels(code).inc()

    def page(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _AnsweringGeneration(Collector):
    """One series, whose labels change with every swap; a Gauge would keep the old ones."""

    def __init__(self) -> None:
        self.facts: tuple[str, str] | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "uniecs_search_generation_info",
            "1 for the generation that answered last.",
            labels=["generation", "model_version"],
        )
        if self.facts is not None:
            family.add_metric(self.facts, 1)
        yield family
