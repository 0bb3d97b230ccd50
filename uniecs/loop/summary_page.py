"""A run's summary as one self-contained page."""

from pathlib import Path

from uniecs.loop.summary import RunSummary

TEMPLATE = "summary.html.jinja"
RANKERS = ("encoder", "hybrid", "baseline")
METRICS = ("R@1", "R@5", "R@10", "MRR@10", "nDCG@10")


def write_page(summary: RunSummary) -> Path:
    """Write ``summary.html`` into the run's folder; links to reports are relative."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    page = environment.get_template(TEMPLATE).render(
        run=summary,
        rankers=RANKERS,
        metrics=METRICS,
        links={name: path.relative_to(summary.folder) for name, path in summary.reports.items()},
        longest=max((line.seconds for line in summary.steps), default=1.0) or 1.0,
    )
    summary.folder.mkdir(parents=True, exist_ok=True)
    path = summary.folder / "summary.html"
    path.write_text(page, encoding="utf-8")
    return path
