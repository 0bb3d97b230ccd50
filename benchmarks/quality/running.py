"""One run: train an arm, evaluate it on the whole catalog's pool, keep the report."""

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.quality.arms import BY_NAME, CATALOGS, Run, settings_of
from benchmarks.quality.catalogs import shown_catalog, without_queries
from uniecs.evaluation.comparison import METRIC
from uniecs.evaluation.pairing import Judged
from uniecs.steps.code import code_digest
from uniecs.training.config import preset

RESULT = "result.json"
TRAINED_BY = ("uniecs.catalog", "uniecs.encoder", "uniecs.losses", "uniecs.training")
"""Code that shapes a trained model; a result says which state of it made it."""
NOT_ASKED = "-"


def run_folder(out: Path, run: Run) -> Path:
    """Where a run and its report are kept."""
    return out / run.catalog / f"{run.arm}-{run.seed}"


def finished(out: Path, run: Run) -> bool:
    """Whether a run of these very settings is there to be read."""
    path = run_folder(out, run) / RESULT
    return path.is_file() and json.loads(path.read_text()).get("config") == config_digest(run)


def config_digest(run: Run) -> str:
    """Content id of the resolved config of a run: defaults that change make it another run."""
    resolved = preset("small", settings_of(run)).model_dump(mode="json")
    return sha256(json.dumps(resolved, sort_keys=True).encode()).hexdigest()[:12]


def perform(run: Run, catalog: Path, out: Path) -> None:
    """Train and evaluate; a run that was broken off goes on.

    Args:
        run: Which.
        catalog: Folder of the accepted catalog.
        out: Folder of all runs.
    """
    from uniecs.catalog.reading import Catalog
    from uniecs.evaluation.evaluate import evaluate
    from uniecs.evaluation.remembering import RememberingEncoder
    from uniecs.inference.encoder import Encoder
    from uniecs.search.hybrid import catalog_rankers
    from uniecs.training.run import train

    arm, common = BY_NAME[run.arm], CATALOGS[run.catalog]
    folder = run_folder(out, run)
    settings = settings_of(run)
    began = time.monotonic()
    trained = train(
        shown_catalog(catalog, arm.shown, out / run.catalog),
        folder / "run",
        preset("small", settings),
        resume=True,
        pictures=out / "pictures",
    )
    seconds = time.monotonic() - began
    asked = Catalog(catalog if common.queries else without_queries(catalog, out / run.catalog))
    encoder = RememberingEncoder(Encoder.load(folder / "run" / "model", precision="float32"))
    evaluate(
        encoder,
        asked,
        pool="catalog",
        rankers=catalog_rankers(encoder, asked) if asked.queries else None,
        report=folder / "report",
        history=folder / "run" / "history.jsonl",
    )
    speed = json.loads((folder / "run" / "speed.json").read_text())
    result = {
        "settings": list(settings),
        "config": config_digest(run),
        "code": code_digest(TRAINED_BY)[:12],
        "steps": trained.steps,
        "training_seconds": round(seconds, 1),
        "precision": trained.precision,
        "device": _device(),
        **speed,
        **_findings(Judged.read(folder / "report")),
    }
    partial = folder / f"{RESULT}.partial"
    partial.write_text(json.dumps(result, indent=1) + "\n")
    partial.rename(folder / RESULT)


def _device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def _findings(judged: Judged) -> dict[str, Any]:
    """Figures of a report, and which product's query was answered, without saying what it is."""
    report, table = judged.report, judged.table
    products = sorted(set(table["product_id"]))
    hits = {}
    for task, rows in table.groupby("task"):
        found = dict(zip(rows["product_id"], rows[METRIC], strict=True))
        hits[str(task)] = "".join(
            NOT_ASKED if p not in found else f"{found[p]:.0f}" for p in products
        )
    return {
        "catalog_digest": report.catalog_digest,
        "macro": report.macro.recall_10,
        "tasks": {name: task.recall_10 for name, task in report.tasks.items()},
        "queries": {
            kind: {name: scores.ndcg_10 for name, scores in rankers.items()}
            for kind, rankers in report.queries.items()
        },
        "hits": hits,
    }
