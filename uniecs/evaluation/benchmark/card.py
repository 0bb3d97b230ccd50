"""``README.md`` of a benchmark: its dataset card."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from uniecs.catalog.schema import SPLITS
from uniecs.evaluation.benchmark.candidates import SOURCES
from uniecs.evaluation.benchmark.choosing import REASONS
from uniecs.evaluation.benchmark.config import BenchmarkConfig
from uniecs.evaluation.benchmark.pairs import UNKNOWN, BenchmarkPair, listings_of
from uniecs.evaluation.benchmark.summary import BenchmarkSummary

TEMPLATE = Path(__file__).parent / "card.md.jinja"
SHOWN_CATEGORIES = 30

ROW_REASONS: dict[str, str] = {
    "invalid_row": "the row breaks the catalog format",
    "duplicate_id": "an earlier row has this product_id",
    "no_title": "no title",
    "no_picture": "no picture that can be decoded",
}
"""Why a row cannot stand on a side of a pair."""

MEANINGS: dict[str, str] = {
    "group": "the catalog says that both are one group, and nothing that it records differs",
    "attributes": "brand, category and all other attributes are equal; may be a look-alike",
    "co_clicks": "shoppers clicked both in the same visits; related, not always the same",
    "views": "both sides are one listing: another view and the title, the rest of its text",
}


def write_card(
    summary: BenchmarkSummary,
    config: BenchmarkConfig,
    pairs: Sequence[BenchmarkPair],
    name: str,
    out: Path,
) -> None:
    """Write the card; nothing in it but figures of the summary and columns of the rows."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(  # Markdown, shown as text; cells are escaped by ``cell``
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )  # fmt: skip
    environment.filters["cell"] = cell
    owners = Counter(
        (side.product.license or UNKNOWN, side.product.source or UNKNOWN)
        for side in listings_of(pairs)
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    card = template.render(
        name=name,
        summary=summary,
        config=config,
        sources=SOURCES,
        splits=SPLITS,
        by_source=Counter((pair.made_by, pair.trigger.split) for pair in pairs),
        meanings=MEANINGS,
        reasons=REASONS,
        row_reasons=ROW_REASONS,
        owners=sorted(owners.items(), key=lambda item: (-item[1], item[0])),
        shown=SHOWN_CATEGORIES,
    )
    (out / "README.md").write_text(card, encoding="utf-8")


def cell(text: str) -> str:
    r"""A text as one cell of a Markdown table, shown as it is.

    Example:
        >>> cell("a|b <i>\nc")
        'a\\|b &lt;i> c'
    """
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "\\|")
