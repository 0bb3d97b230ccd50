import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from uniecs.catalog.demo import DemoSummary, generate_demo
from uniecs.catalog.demo.facts import Listing
from uniecs.catalog.demo.planning import plan_listings


class Generated:
    """A generated folder and what is written in it."""

    def __init__(self, folder: Path, summary: DemoSummary, progress: list[int]) -> None:
        self.folder = folder
        self.summary = summary
        self.progress = progress
        self.rows: list[dict[str, Any]] = pq.read_table(folder / "catalog.parquet").to_pylist()
        self.facts = self._lines("facts.jsonl")
        self.queries = self._lines("queries.jsonl")
        self.relevance: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
            query, product, gain = line.split("\t")
            self.relevance.setdefault(query, {})[product] = int(gain)

    def _lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def queries_of(self, kind: str) -> list[dict[str, Any]]:
        return [query for query in self.queries if query["type"] == kind]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    folder = tmp_path_factory.mktemp("generated") / "demo"
    progress: list[int] = []
    summary = generate_demo(folder, products=160, seed=7, progress=progress.append)
    return Generated(folder, summary, progress)


@pytest.fixture(scope="session")
def plan() -> list[Listing]:
    return plan_listings(7, 1200)
