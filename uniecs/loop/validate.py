"""Validate a catalog: what is wrong with it, and the part of it that may go on."""

from pathlib import Path
from typing import Any

from uniecs.catalog.digests import folder_digest
from uniecs.catalog.reading import find_catalog
from uniecs.loop.performing import LoopSpec, Report, Step, loop_step
from uniecs.settings import Settings


class ValidateSpec(LoopSpec):
    """Which catalog to validate."""

    catalog: Path


@loop_step("validate")
def run(spec: ValidateSpec, _: Settings) -> Step:
    """Validate ``spec.catalog``; the output holds the accepted ``catalog`` and the ``report``.

    Raises:
        CatalogError: When the folder holds no catalog.
        GateRefused: When a check fails; the reports say which.
    """

    def work(folder: Path) -> dict[str, Any]:
        from uniecs.catalog.validation import validate_catalog

        report = validate_catalog(
            spec.catalog, folder / "report", config=None, accepted=folder / "catalog"
        )
        return report.model_dump(mode="json")

    find_catalog(spec.catalog)
    return Step(
        inputs={"catalog": folder_digest(spec.catalog)},
        code=["uniecs.catalog"],
        work=work,
        headline=_headline,
        refusal=_refusal,
        shows="report",
    )


def _headline(report: Report) -> str:
    return (
        f"{report['rows']:,} rows: {report['accepted']:,} accepted, "
        f"{report['quarantined']:,} quarantined"
    )


def _refusal(report: Report) -> str:
    if report["passed"]:
        return ""
    failed = [
        f"{check['name']} is {check['value']} (threshold {check['threshold']})"
        for check in report["checks"]
        if not check["passed"]
    ]
    return (
        f"The validation gate refuses the catalog: {'; '.join(failed)}. "
        "Mend the rows that quarantine.jsonl names, and run again."
    )
