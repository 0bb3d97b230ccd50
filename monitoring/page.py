"""``index.html`` of a report: the verdict and its reasons in plain words, then everything else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitoring.sentences import label
from monitoring.verdict import Check, Verdict

TEMPLATE = "report.html.jinja"
_PARTS = {
    "catalog": ("Catalog", "Columns of the catalog, reference against current."),
    "embeddings": ("Embeddings", "What the model makes of products, one of each group."),
    "online": ("Online", "The later half of the traffic against the earlier half."),
}


@dataclass(frozen=True)
class ReportFacts:
    """What the page says beside the verdict.

    Attributes:
        reference: Path of the reference catalog.
        current: Path of the current catalog.
        model: Model version that gave embeddings, or None.
        made: When the report was made.
        plots: Check -> SVG.
        links: Part -> file of the full Evidently report, beside the page.
    """

    reference: Path
    current: Path
    model: str | None
    made: datetime
    plots: Mapping[str, str]
    links: Mapping[str, str]


def write_page(path: Path, verdict: Verdict, checks: Sequence[Check], facts: ReportFacts) -> None:
    """Render the page: one file, nothing loaded from elsewhere."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    environment.filters["label"] = label
    parts = [
        (part, title, note, [check for check in checks if check.part == part])
        for part, (title, note) in _PARTS.items()
    ]
    causes = {reason.check for reason in verdict.reasons}
    html = environment.get_template(TEMPLATE).render(
        verdict=verdict,
        headline=_headline(verdict),
        causes=[check for check in checks if check.name in causes],
        parts=[part for part in parts if part[3]],
        facts=facts,
        meter=_meter,
    )
    path.write_text(html, encoding="utf-8")


def _headline(verdict: Verdict) -> str:
    count = len(verdict.reasons)
    if verdict.verdict == "drifted":
        return f"Drifted: {count} check{'s' if count > 1 else ''} beyond the threshold"
    if verdict.verdict == "insufficient_data":
        return f"Insufficient data: {count or 'no'} check{'' if count == 1 else 's'} cannot judge"
    return f"Healthy: all {len(verdict.samples)} checks within their thresholds"


def _meter(check: Check) -> float | None:
    """Value as a share of twice the threshold, 0 to 1; the threshold is at one half."""
    if check.value is None or check.threshold is None:
        return None
    start = 0.5 if check.name == "embedding_auc" else 0.0
    share = (check.value - start) / (check.threshold - start) / 2
    return min(1.0, max(0.0, share))
