"""Three searches as a person would try them: by words, by picture, and by both."""

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.loop.performing import LoopSpec, Step, loop_step, published_digest
from uniecs.settings import Settings

if TYPE_CHECKING:
    from uniecs.catalog.queries import Query
    from uniecs.catalog.reading import Catalog
    from uniecs.search.engine import SearchEngine

KINDS: dict[str, tuple[str, ...]] = {
    "text": ("attribute", "text_attribute"),
    "picture": ("other_view", "reencoded_copy", "user_photo"),
    "both": ("composed",),
}
"""Kind of search -> query types that make a good example of it, best first."""

TOP = 3
SIDE = 160


class ExamplesSpec(LoopSpec):
    """Which release answers, over which catalog."""

    paired: Path
    release: str


@loop_step("examples")
def run(spec: ExamplesSpec, settings: Settings) -> Step:
    """Search the live release; the report holds queries, hits and small pictures."""
    return Step(
        inputs={"catalog": published_digest(spec.paired, "catalog"), "release": spec.release},
        code=[
            "uniecs.catalog",
            "uniecs.encoder",
            "uniecs.inference",
            "uniecs.index",
            "uniecs.search",
            "uniecs.experiments",
        ],
        work=lambda _: _work(spec, settings),
        headline=lambda report: "; ".join(
            f"{example['kind']}: {example['hits'][0]['title'] or example['hits'][0]['product_id']}"
            for example in report["examples"]
            if example["hits"]
        ),
    )


def _work(spec: ExamplesSpec, settings: Settings) -> dict[str, Any]:
    from uniecs.catalog.reading import Catalog
    from uniecs.search.engine import SearchEngine

    catalog = Catalog(spec.paired / "catalog")
    engine = SearchEngine(settings)
    asked = {kind: _example(kind, catalog) for kind in KINDS}
    return {
        "examples": [
            _answer(kind, query, catalog, engine) for kind, query in asked.items() if query
        ]
    }


def _example(kind: str, catalog: "Catalog") -> "Query | None":
    """A judged query of the catalog, else one made of its first product that has what it takes."""
    for name in KINDS[kind]:
        for query in catalog.queries:
            if query.type == name:
                return query
    return _made_up(kind, catalog)


def _made_up(kind: str, catalog: "Catalog") -> "Query | None":
    from uniecs.catalog.images import resolve_image
    from uniecs.catalog.queries import Query

    for product in catalog.products:
        if product.title and product.image:
            return Query(
                query_id=kind,
                type=kind,
                text="" if kind == "picture" else " ".join(product.title.split()[:4]),
                image=None if kind == "text" else resolve_image(catalog.folder, product.image),
                exclude=None,
                relevance={},
                source_product_id=product.product_id,
            )
    return None


def _answer(
    kind: str, query: "Query", catalog: "Catalog", engine: "SearchEngine"
) -> dict[str, Any]:
    from uniecs.search.request import SearchRequest

    response = engine.search(SearchRequest(text=query.text, image=query.image, top_k=TOP + 1))
    hits = [hit for hit in response.hits if hit.product_id != query.exclude][:TOP]
    return {
        "kind": kind,
        "text": query.text,
        "image": query.image.name if query.image else None,
        "picture": _thumbnail(query.image),
        "generation": response.generation,
        "model_version": response.model_version,
        "features": response.features,
        "hits": [
            hit.as_json() | {"picture": _thumbnail(_picture(hit.product_id, catalog))}
            for hit in hits
        ],
    }


def _picture(product_id: str, catalog: "Catalog") -> Path | None:
    product = catalog.by_id.get(product_id)
    return catalog.folder / product.image if product and product.image else None


def _thumbnail(path: Path | None) -> str | None:
    """A small JPEG as a data URI, or None for a picture that is absent or unreadable."""
    from uniecs.catalog.images import ImageLimits, decode_image
    from uniecs.errors import ImageError

    if path is None:
        return None
    try:
        picture = decode_image(path, ImageLimits(draft_side=SIDE))
    except ImageError:
        return None
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
