"""Results as finished runs leave them, without the runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.quality.arms import Run
from benchmarks.quality.running import RESULT, config_digest, run_folder

Leave = Callable[..., None]


@pytest.fixture
def leave(tmp_path: Path) -> Leave:
    """Write the result of a run: the hits of each task, one character a product."""

    def write(run: Run, hits: dict[str, str], **changed: object) -> None:
        tasks = {task: row.count("1") / len(row.replace("-", "")) for task, row in hits.items()}
        result = {
            "config": config_digest(run),
            "code": "c0de",
            "device": "CPU",
            "catalog_digest": "same",
            "steps": 168,
            "training_seconds": 90.0,
            "waited_for_batches": 0.004,
            "macro": sum(tasks.values()) / len(tasks),
            "tasks": tasks,
            "queries": {},
            "hits": hits,
            **changed,
        }
        folder = run_folder(tmp_path, run)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RESULT).write_text(json.dumps(result))

    return write
