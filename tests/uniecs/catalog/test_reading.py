"""Rows of the three formats stream; a bad line is named and hides no other."""

import codecs
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uniecs.catalog.formats import DEFECT, MAX_LINE, estimate_rows
from uniecs.catalog.reading import Catalog, find_catalog, iter_products, read_rows
from uniecs.errors import CatalogError

ROWS = [
    {"product_id": "1", "title": "mug", "price": 3.5},
    {"product_id": "2", "title": "café, “blue”", "price": None},
]


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_rows(folder)]


def defects_of(folder: Path) -> list[str | None]:
    return [row.get(DEFECT) for row in rows_of(folder)]


def write(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder


def write_parquet(folder: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), folder / "catalog.parquet")
    return folder


def test_the_three_formats_give_the_same_products(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("parquet", "jsonl", "csv")}
    for folder in folders.values():
        folder.mkdir()
    write_parquet(folders["parquet"], {name: [row[name] for row in ROWS] for name in ROWS[0]})
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    write(folders["jsonl"], "catalog.jsonl", codecs.BOM_UTF8 + lines.encode())
    table = 'product_id,title,price\r\n1,mug,3.5\r\n2,"café, “blue”",\r\n'
    write(folders["csv"], "catalog.csv", codecs.BOM_UTF8 + table.encode())

    products = [list(iter_products(folder)) for folder in folders.values()]

    assert products[0] == products[1] == products[2]
    assert [estimate_rows(find_catalog(folder)) for folder in folders.values()] == [2, 1, 3]


def test_a_missing_folder_file_or_column_has_its_own_message(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such catalog folder"):
        Catalog(tmp_path / "none")
    with pytest.raises(CatalogError, match=r"has none of catalog\.parquet"):
        Catalog(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(CatalogError, match="is a file"):
        Catalog(tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("catalog.csv", b"id,title\n1,mug\n"),
        ("catalog.csv", b""),
        ("catalog.jsonl", b'{"id": 1, "title": "mug"}\n{"id": 2}\n'),
    ],
)
def test_a_catalog_without_product_id_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(CatalogError, match="no column product_id"):
        rows_of(write(tmp_path, name, data))


def test_a_parquet_without_product_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no column product_id"):
        rows_of(write_parquet(tmp_path, {"id": ["1"]}))


def test_one_line_without_the_key_does_not_refuse_the_catalog(tmp_path: Path) -> None:
    folder = write(tmp_path, "catalog.jsonl", b'{"title": "mug"}\n{"product_id": "1"}\n')

    assert len(rows_of(folder)) == 2


def test_an_empty_catalog_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="has no rows"):
        _ = Catalog(write_parquet(tmp_path, {"product_id": pa.array([], pa.string())})).products


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="not a readable Parquet file"):
        rows_of(write(tmp_path, "catalog.parquet", b"PAR1 nothing"))


def test_parquet_text_that_is_not_utf8_costs_only_its_row(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 3, pa.array([b"ok", b"caf\xe9", b"ok"], pa.binary()).buffers()
    )
    folder = write_parquet(tmp_path, {"product_id": ["1", "2", "3"], "title": broken})

    assert defects_of(folder) == [None, "encoding", None]


def test_jsonl_lines_of_every_badness_are_told_apart(tmp_path: Path) -> None:
    good = b'{"product_id": "1"}\n'
    lines = [
        good,
        b'{"product_id": "caf\xe9"}\n',
        b'{"product_id": \n',
        b"[1]\n",
        b"\n",
        b'{"n": ' + b"9" * 5000 + b"}\n",
        b"[" * 100_000 + b"\n",
        b'"' + b"x" * MAX_LINE + b'"\n',
        b'{"product_id": "1", "_defect": "mine"}\n',
        good,
    ]

    found = defects_of(write(tmp_path, "catalog.jsonl", b"".join(lines)))

    unreadable = "unreadable_row"
    assert found == [
        None, "encoding", unreadable, unreadable, unreadable, unreadable, unreadable, None, None,
    ]  # fmt: skip


def test_csv_lines_of_every_badness_are_told_apart(tmp_path: Path) -> None:
    lines = [
        b"product_id,title\n",
        b'1,"a ""b""\nc"\n',
        b"2,caf\xe9\n",
        b'3,"x"y\n',
        b"4,a,b\n",
        b"5\n",
        b"6,n\0l\n",
        b"7," + b"x" * 200_000 + b"\n",
        b"8,good\n",
    ]
    folder = write(tmp_path, "catalog.csv", b"".join(lines))

    assert defects_of(folder) == [
        None, "encoding", "unreadable_row", "unreadable_row", None, "encoding", "unreadable_row",
        None,
    ]  # fmt: skip
    assert rows_of(folder)[0]["title"] == 'a "b"\nc'
    assert rows_of(folder)[4] == {"product_id": "5"}


def test_utf16_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="UTF-16"):
        rows_of(write(tmp_path, "catalog.csv", "product_id\n1\n".encode("utf-16")))


@pytest.mark.parametrize("name", ["catalog.jsonl", "catalog.csv"])
def test_a_line_without_end_does_not_fill_memory(tmp_path: Path, name: str) -> None:
    head = b'product_id\n1\n"' if name.endswith("csv") else b'{"product_id": "1"}\n{"x": "'
    folder = write(tmp_path, name, head + b"x" * 40_000_000)

    tracemalloc.start()
    found = defects_of(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == [None, "unreadable_row"]
    assert peak < 15_000_000


@pytest.mark.parametrize("name", ["catalog.parquet", "catalog.jsonl", "catalog.csv"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, name: str) -> None:
    rows = 40_000  # 28 MB, no two alike
    table = pa.table(
        {
            "product_id": [str(n) for n in range(rows)],
            "title": [f"{n} {'cotton ' * 100}" for n in range(rows)],
        }
    )
    path = tmp_path / name
    if name.endswith("parquet"):
        pq.write_table(table, path)
    elif name.endswith("csv"):
        pyarrow.csv.write_csv(table, path)
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in table.to_pylist()))
    del table
    before = pa.total_allocated_bytes()

    tracemalloc.start()
    held, seen = 0, 0
    for seen, _row in enumerate(read_rows(tmp_path), start=1):
        if seen % 1000 == 0:
            held = max(held, pa.total_allocated_bytes() - before)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert seen == rows
    assert peak < 3_000_000
    assert held < 7_000_000  # pages of Parquet, and its dictionary, are bounded by its writer


@pytest.mark.parametrize("name", ["catalog.jsonl", "catalog.csv"])
@given(data=st.binary(max_size=200))
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_give_rows_or_a_catalog_error(tmp_path: Path, name: str, data: bytes) -> None:
    head = b"product_id\n" if name.endswith("csv") else b""
    try:
        rows = rows_of(write(tmp_path, name, head + data))
    except CatalogError:
        return
    assert all(isinstance(row, dict) for row in rows)


def test_a_bad_row_names_itself_and_the_way_out(tmp_path: Path) -> None:
    folder = write(tmp_path, "catalog.jsonl", b'{"product_id": "1", "title": "a"}\n{"product_id"\n')

    with pytest.raises(CatalogError, match=r"row 1: unreadable_row.*uniecs catalog validate"):
        _ = Catalog(folder).products


def test_an_id_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    catalog = Catalog(write(tmp_path, "catalog.jsonl", b'{"product_id": "1", "title": "a"}\n' * 2))

    with pytest.raises(CatalogError, match="there twice"):
        _ = catalog.by_id


def test_a_broken_list_of_duplicates_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, "catalog.jsonl", b'{"product_id": "1", "title": "a"}\n')
    write(folder, "image_duplicates.json", b"[3]")

    with pytest.raises(CatalogError, match="image_duplicates"):
        _ = Catalog(folder).same_picture
