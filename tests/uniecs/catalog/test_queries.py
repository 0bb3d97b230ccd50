"""Queries and judgements: read whole, or refused with the line."""

from pathlib import Path

import pytest

from uniecs.catalog.reading import Catalog
from uniecs.errors import CatalogError

from .conftest import MakeCatalog

MUG = {"product_id": "1", "title": "mug", "attributes": '{"article_type": "Mugs"}'}
GOOD = {"query_id": "q1", "type": "attribute", "text": "mug"}


def test_queries_carry_their_judgements(make_catalog: MakeCatalog) -> None:
    composed = {
        "query_id": "q2", "type": "composed", "text": "in red", "image_path": "images/1.jpg",
        "source_product_id": "1",
    }  # fmt: skip
    photo = {"query_id": "q3", "type": "user_photo", "image_path": "q.jpg"}
    folder = make_catalog([MUG], queries=[GOOD, composed, photo | {"article_types": ["Mugs"]}])
    (folder / "qrels.tsv").write_text("query_id\tproduct_id\trelevance\nq1\t1\t2\n")

    attribute, with_picture, by_class = Catalog(folder).queries

    assert attribute.relevance == {"1": 2}
    assert (attribute.image, attribute.exclude) == (None, None)
    assert with_picture.image == folder / "images/1.jpg"
    assert with_picture.exclude == "1"
    assert by_class.relevance == {"1": 2}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{broken", "not JSON"),
        (b"caf\xe9", "not JSON"),
        (b"[1]", "not a JSON object"),
        ({"type": "attribute", "text": "mug"}, "query_id"),
        ({"query_id": "q", "text": "mug"}, "type"),
        ({"query_id": "q", "type": "t"}, "neither text nor picture"),
        ({"query_id": "q", "type": "t", "text": " "}, "neither text nor picture"),
        ({"query_id": "q", "type": "t", "text": 3}, "must be strings"),
        ({"query_id": "q", "type": "t", "image_path": "../x.jpg"}, "outside"),
        ({"query_id": "q", "type": "t", "text": "mug \ud800"}, "half of a surrogate pair"),
        ({"query_id": "q\udfff", "type": "t", "text": "mug"}, "half of a surrogate pair"),
        (b'{"query_id": "q", "type": "t", "note": ' + b"[" * 9000, "not JSON"),
    ],
)
def test_a_query_that_cannot_be_asked_is_refused_with_its_line(
    make_catalog: MakeCatalog, line: object, message: str
) -> None:
    folder = make_catalog([MUG], queries=[GOOD, line])

    with pytest.raises(CatalogError, match=f"line 2: .*{message}"):
        _ = Catalog(folder).queries


@pytest.mark.parametrize("text", ["a\tb\nq\t1\n", "query_id\tproduct_id\trelevance\nq\t1\thigh\n"])
def test_unreadable_judgements_are_refused(
    make_catalog: MakeCatalog, text: str, tmp_path: Path
) -> None:
    folder = make_catalog([MUG], queries=[GOOD])
    (folder / "qrels.tsv").write_text(text)

    with pytest.raises(CatalogError, match=r"qrels\.tsv, line 2"):
        _ = Catalog(folder).queries
