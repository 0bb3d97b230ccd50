"""``validation.html``: one self-contained page that says what is wrong and where."""

import json
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.catalog.digests import file_digest
from uniecs.catalog.reading import find_catalog
from uniecs.catalog.validation.charts import bar_chart, histogram
from uniecs.catalog.validation.config import ValidationConfig
from uniecs.catalog.validation.facts import Facts
from uniecs.catalog.validation.outcome import Check, ValidationReport
from uniecs.catalog.validation.pictures import READABLE
from uniecs.catalog.validation.rows import REASONS
from uniecs.catalog.validation.rules import rules

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_ROWS = 30
_SHOWN_BARS = 20


def render_page(
    folder: Path,
    outcome: ValidationReport,
    facts: Facts,
    config: ValidationConfig,
    quarantine: Path,
) -> str:
    """The page as HTML; the same facts give the same page."""
    from jinja2 import Environment, StrictUndefined

    template = files("uniecs.catalog.validation").joinpath("page.html.jinja")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    says = {rule.name: rule.says for rule in rules(config)}
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        folder=folder.resolve().name,
        digest=file_digest(find_catalog(folder))[:12],
        outcome=outcome,
        checks=[_shown(check, says[check.name]) for check in outcome.checks],
        reasons=[(code, REASONS[code], count) for code, count in facts.reasons.most_common()],
        codes=_picture_codes(facts),
        pictures=len(facts.pictures),
        queries=len(facts.queries),
        charts=list(_charts(facts)),
        rows=list(_first_rows(quarantine)),
        shown_rows=_SHOWN_ROWS,
        config=config.model_dump(),
    )


def _shown(check: Check, says: str) -> dict[str, Any]:
    if check.name == "rows":
        value, threshold = f"{check.value:,.0f}", f"at least {check.threshold:,.0f}"
    else:
        value, threshold = f"{check.value:.1%}", f"at most {check.threshold:.0%}"
    return {
        "name": check.name, "says": says, "passed": check.passed,
        "value": value, "threshold": threshold,
    }  # fmt: skip


def _picture_codes(facts: Facts) -> list[tuple[str, int]]:
    codes = Counter(facts.pictures["code"].astype("object"))
    return [(code, count) for code, count in codes.most_common() if code != READABLE]


def _first_rows(quarantine: Path) -> Iterator[dict[str, Any]]:
    with quarantine.open(encoding="utf-8") as stream:
        for line in islice(stream, _SHOWN_ROWS):
            yield json.loads(line)


def _charts(facts: Facts) -> Iterator[tuple[str, str]]:
    """(title, SVG) of whatever the catalog has values for."""
    products = facts.products
    if reasons := facts.reasons.most_common():
        yield "Rows in quarantine by reason", bar_chart(reasons, title="Rows by reason")
    if categories := _largest(products["category"]):
        yield "Rows by category", bar_chart(categories, title="Rows by category")
    readable = facts.pictures[facts.pictures["readable"]]
    if len(readable):
        sizes = readable["width"].astype(str) + " x " + readable["height"].astype(str) + " px"
        yield "Picture sizes", bar_chart(_largest(sizes, shown=10), title="Picture sizes")
    priced = products[products["price"].notna()]
    named = priced["currency"].astype("object").fillna("no currency")
    for currency, _ in Counter(named).most_common(3):
        values = [float(value) for value in priced["price"][named == currency]]
        if svg := histogram(values, title=f"Prices in {currency}", unit=currency):
            yield f"Prices ({currency})", svg


def _largest(values: "pd.Series[Any]", shown: int = _SHOWN_BARS) -> list[tuple[str, int]]:
    """The most frequent values and one bar for all others; ties by name."""
    counts = sorted(Counter(values.dropna()).items(), key=lambda item: (-item[1], str(item[0])))
    bars = [(str(value), count) for value, count in counts[:shown]]
    if rest := counts[shown:]:
        bars.append((f"{len(rest)} others", sum(count for _, count in rest)))
    return bars
