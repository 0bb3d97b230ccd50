"""The accepted catalog: what the later steps read instead of the raw one.

The same rows and pictures give the same bytes. The catalog file carries the digests of pictures
and queries in its metadata, so that its own digest covers everything that was accepted.
"""

import hashlib
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.catalog.digests import file_digest
from uniecs.catalog.images import resolve_image
from uniecs.catalog.queries import QRELS, QUERIES, read_qrels, read_query_rows
from uniecs.catalog.reading import DUPLICATES, read_rows
from uniecs.catalog.schema import COLUMNS, Product
from uniecs.catalog.validation.facts import Facts
from uniecs.errors import CatalogError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

CATALOG = "catalog.parquet"
_PICTURES, _QUERIES = b"uniecs.pictures", b"uniecs.queries"
_BATCH = 512


def write_accepted(
    folder: Path, target: Path, facts: Facts, progress: Callable[[int], None] | None = None
) -> None:
    """Write the accepted part of ``folder`` as a catalog folder of its own.

    Rows in quarantine and pictures that cannot be decoded are left out, so ``image_paths[0]`` is
    the picture that is indexed. Pictures are hard links where the file system allows them.

    Args:
        folder: The validated catalog.
        target: Replaced as a whole once the new one is complete.
        facts: What validation found in ``folder``.
        progress: Called with the number of rows read so far.

    Raises:
        UsageError: When one folder lies inside the other.
        CatalogError: When ``target`` holds something else than an accepted catalog.
    """
    check_target(folder, target)
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    carrier = _Carrier(folder, partial)
    queries = _write_queries(carrier, facts)
    _write_rows(carrier, facts, queries, progress)
    groups = _same_picture(facts)
    _write(partial / DUPLICATES, json.dumps(groups, ensure_ascii=False, indent=0) + "\n")
    _replace(partial, target)


def check_target(folder: Path, target: Path) -> None:
    """Refuse a target that would harm the catalog or somebody's other files.

    Raises:
        UsageError: When one folder lies inside the other.
        CatalogError: When ``target`` holds something else than an accepted catalog.
    """
    source, goal = folder.resolve(), target.resolve()
    if source.is_relative_to(goal) or goal.is_relative_to(source):
        raise UsageError(f"{target}: inside the catalog {folder} or around it; choose another.")
    if target.exists() and not (target.is_dir() and _is_ours(target)):
        raise CatalogError(
            f"{target} exists and is no accepted catalog; choose an empty or new folder."
        )


def _is_ours(target: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not any(target.iterdir()):
        return True
    try:
        return _PICTURES in (pq.read_metadata(target / CATALOG).metadata or {})
    except (pa.ArrowException, OSError):
        return False


class _Carrier:
    """Brings pictures along, each once, and keeps a running digest of what they hold."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder = folder
        self.target = target
        self._root = folder.resolve()
        self._digests: dict[str, bytes] = {}

    def carry(self, named: str) -> tuple[str, bytes]:
        """Plain relative path of a picture, now in the target, and the sha256 of its bytes."""
        source = resolve_image(self.folder, named)
        relative = source.relative_to(self._root).as_posix()
        if relative not in self._digests:
            goal = self.target / relative
            goal.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, goal)
            except OSError:  # another file system, or one without links
                shutil.copyfile(source, goal)
            self._digests[relative] = bytes.fromhex(file_digest(goal))
        return relative, self._digests[relative]


def _write_rows(
    carrier: _Carrier, facts: Facts, queries: str, progress: Callable[[int], None] | None
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _arrow_schema()
    pictures = hashlib.sha256()
    with pq.ParquetWriter(carrier.target / CATALOG, schema) as writer:
        batch: list[dict[str, Any]] = []
        for row, product in _accepted_products(carrier.folder, facts):
            carried = [carrier.carry(path) for path in product.image_paths]
            for relative, digest in carried:
                pictures.update(relative.encode() + b"\0" + digest)
            batch.append(_cells(product, list(dict.fromkeys(path for path, _ in carried))))
            if len(batch) == _BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch = []
                if progress:
                    progress(row + 1)
        writer.write_table(pa.Table.from_pylist(batch, schema))
        writer.add_key_value_metadata({_PICTURES: pictures.hexdigest(), _QUERIES: queries})


def _accepted_products(folder: Path, facts: Facts) -> Iterator[tuple[int, Product]]:
    """Accepted rows without the pictures that cannot be used."""
    accepted = facts.products["accepted"].to_numpy(dtype=bool)
    pictured_rows = facts.pictures["row"].to_numpy()
    readable = facts.pictures["readable"].to_numpy(dtype=bool)
    for row, raw in read_rows(folder):
        if accepted[row]:
            product = Product.model_validate(raw)
            first, end = pictured_rows.searchsorted([row, row + 1])
            paths = tuple(compress(product.image_paths, readable[first:end]))
            yield row, product.model_copy(update={"image_paths": paths})


def _arrow_schema() -> "pa.Schema":
    import pyarrow as pa

    kinds = {"price": pa.float64(), "image_paths": pa.list_(pa.string())}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])


def _cells(product: Product, paths: list[str]) -> dict[str, Any]:
    cells = product.model_dump()
    attributes = json.dumps(product.attributes, ensure_ascii=False, sort_keys=True)
    return cells | {"attributes": attributes, "image_paths": paths}


def _write_queries(carrier: _Carrier, facts: Facts) -> str:
    """Usable queries and judgements of accepted products; returns a digest of them."""
    if not (carrier.folder / QUERIES).exists():
        return ""
    total = hashlib.sha256()
    kept: set[str] = set()
    lines = []
    rows = read_query_rows(carrier.folder)
    for row, usable in zip(rows, facts.queries["usable"], strict=True):
        if not usable or not isinstance(row, dict):
            continue
        if row.get("image_path"):
            row["image_path"], digest = carrier.carry(row["image_path"])
            total.update(digest)
        kept.add(row["query_id"])
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    _write(carrier.target / QUERIES, "".join(lines))
    products = facts.products
    ids = set(products["product_id"][products["accepted"]])
    judgements = [
        f"{query}\t{product}\t{gain}\n"
        for query, product, gain in read_qrels(carrier.folder)
        if query in kept and product in ids
    ]
    _write(carrier.target / QRELS, "query_id\tproduct_id\trelevance\n" + "".join(judgements))
    for name in (QUERIES, QRELS):
        total.update(bytes.fromhex(file_digest(carrier.target / name)))
    return total.hexdigest()


def _same_picture(facts: Facts) -> list[list[str]]:
    """Ids of accepted products whose indexed pictures are byte-identical, in file order."""
    products = facts.products
    shown = products[products["accepted"] & products["picture"].notna()]
    groups: dict[int, list[str]] = defaultdict(list)
    for picture, product_id in zip(shown["picture"], shown["product_id"], strict=True):
        groups[int(picture)].append(str(product_id))
    return [ids for ids in groups.values() if len(ids) > 1]


def _write(path: Path, text: str) -> None:
    """Write a new file; never through a link that a picture of that name may have left."""
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


def _replace(partial: Path, target: Path) -> None:
    old = target.with_name(target.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)
