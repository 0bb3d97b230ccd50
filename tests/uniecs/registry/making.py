"""Model folders and evaluation reports as the registry meets them, made without torch."""

import json
from dataclasses import asdict
from pathlib import Path

from uniecs.catalog.presence import TASKS, task_name
from uniecs.encoder import folder as model_folder
from uniecs.evaluation.gates import GateConfig, GateReport
from uniecs.evaluation.report import EvaluationReport, write_digests

QUERIES = 120


def make_model(folder: Path, content: str) -> str:
    """A model folder with a valid manifest; returns its version."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"dim": 4, "content": content}))
    (folder / "model.safetensors").write_text(content * 100)
    (folder / "processor_config.json").write_text("{}")
    (folder / "README.md").write_text("# card\n")
    manifest = model_folder._manifest_of(folder, dim=4)
    (folder / "manifest.json").write_text(json.dumps(asdict(manifest)))
    return manifest.version


def make_report(folder: Path, version: str, *, recall: float, catalog: str = "c" * 64) -> str:
    """A report folder on which the real gate can work; returns the digest of report.json."""
    import pandas as pd

    from uniecs.evaluation.metrics import METRICS
    from uniecs.evaluation.report import report_digest

    folder.mkdir(parents=True)
    scores = dict.fromkeys(METRICS, recall) | {"ci95": {}}
    task = scores | {"queries": QUERIES, "pool": 1000, "chance": 0.01, "unusable": 0}
    names = [task_name(*pair) for pair in TASKS]
    content = {
        "model_version": version, "catalog_digest": catalog, "split": "test", "pool": "split",
        "tasks": dict.fromkeys(names, task), "macro": scores, "queries": {}, "pairs": {},
        "sanity": {}, "gates": {}, "bootstrap": {"samples": 1000, "seed": 0},
    }  # fmt: skip
    report = EvaluationReport.model_validate(content)
    (folder / "report.json").write_text(report.to_json())
    (folder / "report.html").write_text("<html></html>")
    rows = [
        {"task": name, "query_id": f"q{number}", "product_id": f"p{number}"}
        | {metric: float(number < recall * QUERIES) for metric in METRICS}
        for name in names
        for number in range(QUERIES)
    ]
    pd.DataFrame(rows).to_parquet(folder / "per_query.parquet")
    write_digests(folder)
    return report_digest(folder)


def make_gate(
    version: str, candidate: str, production: str | None = None, *, passed: bool = True
) -> GateReport:
    """What the offline gate would say about a registered report."""
    return GateReport(
        passed=passed,
        model_version=version,
        reasons=["macro R@10 against production: +1.0 points"] if passed else ["worse by a mile"],
        checks=[],
        candidate_digest=candidate,
        production_digest=production,
        config=GateConfig(),
    )
