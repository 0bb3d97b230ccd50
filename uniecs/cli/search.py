"""Command: search."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uniecs.cli.runtime import emit_json

if TYPE_CHECKING:
    from uniecs.search.request import SearchRequest, SearchResponse


def register(app: typer.Typer) -> None:
    """Add ``search`` to ``app``."""
    app.command("search")(search_command)


def search_command(
    text: Annotated[str, typer.Argument(help="Words of the query.")] = "",
    *,
    image: Annotated[Path | None, typer.Option(help="Picture of the query.")] = None,
    where: Annotated[str, typer.Option(help="Filter over columns and attributes.NAME.")] = "",
    top_k: Annotated[int, typer.Option(help="Number of hits.", min=1, max=1000)] = 10,
    mode: Annotated[str, typer.Option(help="hybrid, or dense for the encoder alone.")] = "hybrid",
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> None:
    """Search the live generation by text, picture or both.

    Example: uniecs search "red mug" --where 'price < 50 and brand == "X"'
    """
    request = _request(text, image, where, top_k, mode)
    from uniecs.search.engine import SearchEngine
    from uniecs.search.features import FeatureJoin
    from uniecs.settings import Settings

    settings = Settings()
    # the first read of a process is its slowest, and a command makes no other
    features = FeatureJoin(settings, read_within_s=10.0)
    response = SearchEngine(settings, features=features).search(request)
    if json:
        emit_json(response.as_json())
    else:
        _show(response)


def _request(text: str, image: Path | None, where: str, top_k: int, mode: str) -> "SearchRequest":
    """The search that a command line asks for.

    Raises:
        UsageError: For anything in it that a search could not understand.
    """
    from uniecs.errors import FilterError, QueryError, UsageError
    from uniecs.index.filters import parse_filter
    from uniecs.search.request import SearchRequest

    if mode not in ("hybrid", "dense"):
        raise UsageError(f"--mode is {mode!r}; give hybrid or dense.")
    try:
        if where.strip():
            parse_filter(where)
        return SearchRequest(
            text=text,
            image=image,
            where=where,
            top_k=top_k,
            mode="dense" if mode == "dense" else "hybrid",
        )
    except (QueryError, FilterError) as error:
        raise UsageError(str(error)) from error


def _show(response: "SearchResponse") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    output = Console()
    table = Table(box=None)
    for name in ("", "product", "title", "brand", "price", "score"):
        table.add_column(name, no_wrap=name != "title")  # a narrow terminal wraps titles only
    for rank, hit in enumerate(response.hits, start=1):
        price = "" if hit.price is None else f"{hit.price:,.2f}"
        said = (escape(part) for part in (hit.product_id, hit.title, hit.brand or ""))
        table.add_row(str(rank), *said, price, f"{hit.score:.4f}")
    output.print(table if response.hits else "no product matches")
    spent = ", ".join(f"{name} {value:.0f}" for name, value in response.timings_ms.items())
    output.print(
        f"generation {response.generation}, model {response.model_version}, "
        f"features {response.features}; ms: {spent}",
        style="dim",
        soft_wrap=True,
    )
