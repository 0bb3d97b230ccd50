"""The accepted catalog is a clean catalog of its own, the same bytes each time."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.uniecs.catalog.conftest import MakeCatalog
from uniecs.catalog.digests import folder_digest
from uniecs.catalog.queries import read_query_rows
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import COLUMNS
from uniecs.catalog.validation import ValidationConfig, validate_catalog
from uniecs.catalog.validation.accepted import write_accepted
from uniecs.catalog.validation.facts import Rejected, collect_facts
from uniecs.catalog.validation.rows import REASONS
from uniecs.errors import CatalogError, UsageError

LENIENT = ValidationConfig(
    broken_pictures=1, quarantined_rows=1, duplicate_ids=1, unusable_queries=1,
    duplicate_pictures=1, missing_pictures=1, invalid_prices=1,
)  # fmt: skip


@pytest.fixture
def shop(make_catalog: MakeCatalog, jpeg: Callable[..., bytes]) -> Path:
    """Six rows: two good, one with a broken first picture, one without any, two bad ones."""
    rows: list[dict[str, Any]] = [
        {"product_id": "a", "title": "mug", "image_paths": ["i/1.jpg"], "attributes": '{"n": 1}'},
        {
            "product_id": "b",
            "title": "pot",
            "image_paths": ["./i/x.jpg", "i/../i/2.jpg", "i/2.jpg"],
        },
        {"product_id": "c", "title": "cup", "image_paths": ["i/none.jpg"], "price": 2},
        {"product_id": "d", "image_paths": ["i/copy.jpg"]},
        {"product_id": "a", "title": "again"},
        {"product_id": "e", "title": "bad", "price": -1, "image_paths": ["i/1.jpg"]},
    ]
    pictures = {
        "i/1.jpg": jpeg(1), "i/2.jpg": jpeg(2), "i/copy.jpg": jpeg(1), "i/x.jpg": b"broken",
        "q/3.jpg": jpeg(3),
    }  # fmt: skip
    queries = [
        {"query_id": "q1", "type": "t", "text": "mug"},
        {"query_id": "q2", "type": "t", "image_path": "./q/3.jpg", "note": "é"},
        {"query_id": "q3", "type": "t", "image_path": "i/x.jpg"},
        {"query_id": "q4", "type": "t", "text": "half \ud800"},
        {"query_id": "q5\udfff", "type": "t", "text": "mug"},
        {"query_id": "q6", "type": "t", "text": "mug", "note": {"by": ["\udc80"]}},
    ]
    folder = make_catalog(rows, pictures, queries)
    (folder / "qrels.tsv").write_text(
        "query_id\tproduct_id\trelevance\nq1\ta\t2\nq1\te\t1\nq2\td\t2\nq3\ta\t1\n"
    )
    return folder


def accept(folder: Path, target: Path) -> Catalog:
    write_accepted(folder, target, collect_facts(folder, on_rejected=lambda _: None))
    return Catalog(target)


def test_it_holds_the_good_rows_with_their_readable_pictures(shop: Path, tmp_path: Path) -> None:
    target = tmp_path / "accepted"
    validate_catalog(shop, tmp_path / "report", config=LENIENT, accepted=target)

    catalog = Catalog(target)
    assert {p.product_id: p.image_paths for p in catalog.products} == {
        "a": ("i/1.jpg",),
        "b": ("i/2.jpg",),
        "c": (),
        "d": ("i/copy.jpg",),
    }
    assert catalog.by_id["a"].attributes == {"n": 1}
    files = {p.relative_to(catalog.folder).as_posix() for p in catalog.folder.rglob("*.jpg")}
    assert files == {"i/1.jpg", "i/2.jpg", "i/copy.jpg", "q/3.jpg"}


def test_its_columns_are_those_of_the_format(shop: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    schema = pq.read_schema(accept(shop, tmp_path / "accepted").file)

    assert tuple(schema.names) == COLUMNS
    assert str(schema.field("price").type) == "double"


def test_queries_and_judgements_come_along_without_dead_ends(shop: Path, tmp_path: Path) -> None:
    catalog = accept(shop, tmp_path / "accepted")

    asked = {query.query_id: (query.image, query.relevance) for query in catalog.queries}
    assert asked == {"q1": (None, {"a": 2}), "q2": (catalog.folder / "q/3.jpg", {"d": 2})}


def test_duplicates_are_found_from_the_bytes(shop: Path, tmp_path: Path) -> None:
    assert accept(shop, tmp_path / "accepted").same_picture == [["a", "d"]]


def test_the_same_catalog_gives_the_same_bytes(shop: Path, tmp_path: Path) -> None:
    digests = [folder_digest(accept(shop, tmp_path / name).folder) for name in ("a", "b", "a")]

    assert len(set(digests)) == 1


def test_its_digest_covers_pictures_and_queries(
    shop: Path, tmp_path: Path, jpeg: Callable[..., bytes]
) -> None:
    digests = [accept(shop, tmp_path / "first").digest]
    (shop / "i/2.jpg").write_bytes(jpeg(99))
    digests.append(accept(shop, tmp_path / "second").digest)
    (shop / "q/3.jpg").write_bytes(jpeg(98))
    digests.append(accept(shop, tmp_path / "third").digest)
    (shop / "qrels.tsv").write_text("query_id\tproduct_id\trelevance\nq1\ta\t1\n")
    digests.append(accept(shop, tmp_path / "fourth").digest)

    assert len(set(digests)) == 4


def test_nothing_is_written_when_the_gate_fails(shop: Path, tmp_path: Path) -> None:
    outcome = validate_catalog(shop, tmp_path / "report", accepted=tmp_path / "accepted")

    assert not outcome.passed
    assert not (tmp_path / "accepted").exists()


def test_it_replaces_only_what_is_an_accepted_catalog(shop: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")

    with pytest.raises(CatalogError, match="no accepted catalog"):
        accept(shop, mine)

    assert (mine / "letter.txt").exists()


def test_it_lies_apart_from_the_catalog(shop: Path) -> None:
    for target in (shop, shop / "accepted", shop.parent):
        with pytest.raises(UsageError, match="choose another"):
            validate_catalog(shop, shop.parent / "report", accepted=target)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.lists(st.text(max_size=8), max_size=3),
    st.sampled_from(["p1", "p2", "i/1.jpg", "i/x.jpg", "../i/1.jpg", "{}", '{"a": [true]}', "EUR"]),
)  # fmt: skip
ROW = st.fixed_dictionaries(
    {"product_id": st.sampled_from(["p1", "p2", "p3", None]) | JUNK},
    optional=dict.fromkeys(COLUMNS[1:], JUNK),
)


@given(rows=st.lists(ROW, max_size=6))
@settings(max_examples=40, deadline=None)
def test_every_row_is_accepted_and_readable_or_set_aside(
    rows: list[dict[str, Any]], jpeg: Callable[..., bytes]
) -> None:
    with TemporaryDirectory() as place:
        folder, target = Path(place) / "shop", Path(place) / "accepted"
        (folder / "i").mkdir(parents=True)
        (folder / "i/1.jpg").write_bytes(jpeg(1))
        (folder / "i/x.jpg").write_bytes(b"broken")
        lines = [json.dumps({"product_id": "first", "title": "mug"}), *map(json.dumps, rows)]
        (folder / "catalog.jsonl").write_text("\n".join(lines))
        rejected: list[Rejected] = []

        facts = collect_facts(folder, rejected.append)
        write_accepted(folder, target, facts)

        catalog = Catalog(target)
        assert len(catalog.by_id) + len(rejected) == len(lines)
        assert {code for line in rejected for code in line.reasons} <= set(REASONS)
        assert all((target / path).is_file() for p in catalog.products for path in p.image_paths)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=4)
QUERY = st.fixed_dictionaries(
    {"query_id": ANY_TEXT, "type": st.just("t"), "text": ANY_TEXT},
    optional={"note": st.recursive(ANY_TEXT, lambda below: st.lists(below, max_size=2))},
)


@given(queries=st.lists(QUERY, max_size=5))
@settings(max_examples=40, deadline=None)
def test_every_query_is_accepted_as_it_was_or_counted_as_unusable(
    queries: list[dict[str, Any]],
) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place) / "shop"
        folder.mkdir()
        (folder / "catalog.jsonl").write_text('{"product_id": "1", "title": "mug"}\n')
        (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))

        facts = collect_facts(folder, on_rejected=lambda _: None)
        write_accepted(folder, Path(place) / "accepted", facts)

        usable = facts.queries["usable"].tolist()
        wanted = [row for row, good in zip(queries, usable, strict=True) if good]
        assert wanted == list(read_query_rows(Path(place) / "accepted"))
        assert len(Catalog(Path(place) / "accepted").queries) == len(wanted)


def test_a_picture_with_the_name_of_our_file_is_never_written_through(
    make_catalog: MakeCatalog, jpeg: Callable[..., bytes], tmp_path: Path
) -> None:
    row = {"product_id": "a", "title": "mug", "image_paths": ["image_duplicates.json"]}
    folder = make_catalog([row], {"image_duplicates.json": jpeg(1)})

    catalog = accept(folder, tmp_path / "accepted")

    assert (folder / "image_duplicates.json").read_bytes() == jpeg(1)
    assert json.loads((catalog.folder / "image_duplicates.json").read_text()) == []
