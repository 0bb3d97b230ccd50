"""Encoding a file of items into a Parquet file of vectors, in bounded memory."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.catalog.items import Item
from uniecs.errors import DataError
from uniecs.inference.items import text_fault

if TYPE_CHECKING:
    import pyarrow as pa

    from uniecs.inference.encoder import Encoder

CHUNK = 512
"""Items that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """Rows of an encoded file.

    Attributes:
        errors: Rows without a vector.
    """

    rows: int
    errors: int


@dataclass(frozen=True, slots=True)
class _Line:
    item: Item
    defect: str = ""


def encode_file(
    encoder: "Encoder",
    source: Path,
    out: Path,
    *,
    progress: Callable[[int], None] | None = None,
) -> FileReport:
    """Encode ``items.jsonl`` (id, text?, image? as a path) into Parquet, one row per line.

    A path is read relative to the file's folder. The output appears when it is whole.

    Args:
        encoder: Encodes the items.
        source: JSON Lines; a line that is no item becomes a row with an error.
        out: Parquet with id, vector, gate_image, gate_text, error.
        progress: Called with the number of items just done.

    Raises:
        DataError: When the file is missing, empty or not UTF-8.
    """
    import pyarrow.parquet as pq

    schema = _schema(encoder.dim)
    partial = out.with_name(out.name + ".partial")
    out.parent.mkdir(parents=True, exist_ok=True)
    lines = _read(source)
    rows = errors = 0
    try:
        with pq.ParquetWriter(partial, schema) as writer:
            while chunk := list(islice(lines, CHUNK)):
                table, failed = _encode_chunk(encoder, chunk, schema)
                writer.write_table(table)
                rows, errors = rows + len(chunk), errors + failed
                if progress:
                    progress(len(chunk))
        if not rows:
            raise DataError(f"{source} has no items; put one JSON object with an id on each line.")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return FileReport(rows, errors)


def _schema(dim: int) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema(
        {
            "id": pa.string(),
            "vector": pa.list_(pa.float32()),
            "gate_image": pa.float32(),
            "gate_text": pa.float32(),
            "error": pa.string(),
        },
        metadata={"dim": str(dim)},
    )


def _encode_chunk(
    encoder: "Encoder", chunk: list[_Line], schema: "pa.Schema"
) -> tuple["pa.Table", int]:
    import pyarrow as pa

    encoded = encoder.encode([line.item for line in chunk])
    rows = []
    for line, vector, gates, failure in zip(
        chunk, encoded.vectors, encoded.gates, encoded.errors, strict=True
    ):
        error = line.defect or (f"{failure.code}: {failure.message}" if failure else None)
        rows.append(
            {
                "id": _writable(line.item.id),
                "vector": None if error else vector,
                "gate_image": None if error else float(gates[0]),
                "gate_text": None if error else float(gates[1]),
                "error": _writable(error) if error else None,
            }
        )
    return pa.Table.from_pylist(rows, schema=schema), sum(row["error"] is not None for row in rows)


def _writable(text: str) -> str:
    r"""What UTF-8 cannot hold as an escape: nothing is lost, and a file name may hold it too.

    Example:
        >>> _writable("caf\udce9")
        'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _read(source: Path) -> Iterator[_Line]:
    if not source.is_file():
        raise DataError(f"{source}: no such file; give JSON Lines with id, text and image.")
    with source.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if raw.strip():
                yield _line(raw, number, source.parent)


def _line(raw: bytes, number: int, folder: Path) -> _Line:
    try:
        row: Any = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # bad bytes, bad JSON, or nested too deeply
        return _Line(Item(""), f"line {number}: not JSON ({error})")
    if not isinstance(row, dict) or "id" not in row:
        return _Line(Item(""), f"line {number}: not an object with an id")
    name, text, image = str(row["id"]), row.get("text") or "", row.get("image") or None
    if fault := text_fault(name):
        return _Line(Item(name), f"line {number}: id is {fault}")
    if not isinstance(text, str) or not isinstance(image, str | None):
        return _Line(Item(name), f"line {number}: text and image must be strings")
    if image and "\0" in image:
        return _Line(Item(name), f"line {number}: image is no path")
    return _Line(Item(name, text, folder / image if image else None))
