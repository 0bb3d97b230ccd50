"""Validate a catalog from end to end: read, check, set bad rows aside, report."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from uniecs.catalog.reading import find_catalog
from uniecs.catalog.validation.accepted import check_target, write_accepted
from uniecs.catalog.validation.config import ValidationConfig
from uniecs.catalog.validation.facts import Facts, Progress, Rejected, collect_facts
from uniecs.catalog.validation.outcome import ValidationReport
from uniecs.catalog.validation.page import render_page
from uniecs.catalog.validation.rules import rules
from uniecs.catalog.validation.suite import run_checks
from uniecs.errors import CatalogError

REPORT, QUARANTINE = "validation.json", "quarantine.jsonl"
PAGE, DOCS = "validation.html", "data_docs"


def validate_catalog(
    folder: Path,
    report: Path,
    *,
    config: ValidationConfig | None = None,
    accepted: Path | None = None,
    progress: Progress | None = None,
) -> ValidationReport:
    """Check a catalog and write ``validation.json``, ``.html``, ``quarantine.jsonl``, Data Docs.

    Args:
        folder: Catalog folder; never changed.
        report: Folder of the report; ``validation.json`` appears last.
        config: Thresholds of the gate.
        accepted: Where to write the accepted catalog when the gate passes; when it fails, nothing
            is written there.
        progress: Called with (rows done, rows in all or 0 when unknown).

    Raises:
        CatalogError: When the catalog as a whole cannot be read, or a folder cannot be written.
        UsageError: When ``accepted`` and the catalog lie inside each other.
    """
    find_catalog(folder)
    config = config or ValidationConfig()
    if accepted is not None:
        check_target(folder, accepted)
    try:
        _clear(report)
        with (report / QUARANTINE).open("w", encoding="utf-8") as stream:
            facts = collect_facts(folder, _writer(stream), progress)
        outcome = _judge(facts, config, report / DOCS)
        if accepted is not None and outcome.passed:
            write_accepted(folder, accepted, facts)
        page = render_page(folder, outcome, facts, config, report / QUARANTINE)
        (report / PAGE).write_text(page, encoding="utf-8")
        _write_last(report / REPORT, outcome.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise CatalogError(
            f"Validation of {folder} stopped: {error}; check disk space and permissions."
        ) from error
    return outcome


def _clear(report: Path) -> None:
    """An old verdict must not stand beside new rows, should this run be killed."""
    report.mkdir(parents=True, exist_ok=True)
    (report / REPORT).unlink(missing_ok=True)
    shutil.rmtree(report / DOCS, ignore_errors=True)


def _writer(stream: TextIO) -> Callable[[Rejected], None]:
    def write(rejected: Rejected) -> None:
        stream.write(json.dumps(asdict(rejected), ensure_ascii=False) + "\n")

    return write


def _judge(facts: Facts, config: ValidationConfig, docs: Path) -> ValidationReport:
    tables = {"products": facts.products, "pictures": facts.pictures, "queries": facts.queries}
    checks = run_checks(tables, rules(config), docs)
    rows, accepted = len(facts.products), int(facts.products["accepted"].sum())
    return ValidationReport(
        passed=all(check.passed for check in checks),
        rows=rows,
        accepted=accepted,
        quarantined=rows - accepted,
        checks=tuple(checks),
    )


def _write_last(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
