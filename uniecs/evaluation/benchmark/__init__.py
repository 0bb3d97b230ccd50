"""Benchmarks built from a catalog: pairs of a trigger listing and the listing to recall."""

from uniecs.evaluation.benchmark.build import build_benchmark
from uniecs.evaluation.benchmark.config import BenchmarkConfig
from uniecs.evaluation.benchmark.summary import BenchmarkSummary

__all__ = ["BenchmarkConfig", "BenchmarkSummary", "build_benchmark"]
