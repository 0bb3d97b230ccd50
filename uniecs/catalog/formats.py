"""Raw rows of Parquet, JSON lines and CSV, streaming: memory does not grow with the file.

A row that its format cannot express becomes ``{DEFECT: code, DETAIL: sentence}`` in its place, so
that one bad line never hides the others.
"""

import codecs
import csv
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Any

from uniecs.catalog.cells import is_broken
from uniecs.catalog.schema import COLUMNS
from uniecs.errors import CatalogError

Row = dict[str, Any]

DEFECT, DETAIL = "_defect", "_detail"
"""Keys of a row that could not be read: ``unreadable_row`` or ``encoding``, and a sentence."""

MAX_LINE = 1_000_000
"""Longest line of a text file, characters; a longer one is a defect, never held in memory."""

_BATCH = 256
_BUFFER = 1 << 18
"""Bytes of a column that are read at a time; else Parquet's whole row group is held, compressed."""


def read_parquet(path: Path) -> Iterator[Row]:
    """Rows of a Parquet file, known columns only.

    Raises:
        CatalogError: When it is not Parquet or lacks the column product_id.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
            names = file.schema_arrow.names
            _require_product_id(names, path)
            columns = [name for name in names if name in COLUMNS]
            for batch in file.iter_batches(batch_size=_BATCH, columns=columns):
                yield from _rows_of_batch(batch)
    except (pa.ArrowException, OSError) as error:
        raise CatalogError(
            f"{path} is not a readable Parquet file ({error}); write it again."
        ) from error


def _rows_of_batch(batch: Any) -> Iterator[Row]:
    try:
        yield from batch.to_pylist()
    except (UnicodeDecodeError, ValueError, OverflowError):
        for number in range(batch.num_rows):  # one row at a time, to lose only the bad ones
            yield _row_of_slice(batch.slice(number, 1))


def _row_of_slice(batch: Any) -> Row:
    try:
        row: Row = batch.to_pylist()[0]
    except UnicodeDecodeError as error:
        return {DEFECT: "encoding", DETAIL: f"a text is not UTF-8: {error}"}
    except (ValueError, OverflowError) as error:
        return {DEFECT: "unreadable_row", DETAIL: str(error)}
    return row


def read_jsonl(path: Path) -> Iterator[Row]:
    """Rows of a file with one JSON object per line; blank lines are skipped.

    Raises:
        CatalogError: When the file cannot be opened or no line has the key product_id.
    """
    if not _any_has_id(_json_lines(path)):
        _require_product_id(next((r for r in _json_lines(path) if DEFECT not in r), {}), path)
    yield from _json_lines(path)


def _any_has_id(rows: Iterator[Row]) -> bool:
    """Whether a row has the key, or no row could be read: then each line tells its own defect."""
    readable = 0
    for row in rows:
        if "product_id" in row:
            return True
        readable += DEFECT not in row
    return readable == 0


def _json_lines(path: Path) -> Iterator[Row]:
    for number, line in _lines(path, newline="\n"):
        if line is None or line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str | None) -> Row:
    if line is None:
        return {DEFECT: "unreadable_row", DETAIL: f"line {number}: over {MAX_LINE} characters"}
    if is_broken(line):
        return {DEFECT: "encoding", DETAIL: f"line {number}: not UTF-8"}
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {DEFECT: "unreadable_row", DETAIL: f"line {number}: {error}"}
    if not isinstance(row, dict):
        return {DEFECT: "unreadable_row", DETAIL: f"line {number}: not a JSON object"}
    return {name: cell for name, cell in row.items() if name not in (DEFECT, DETAIL)}


def read_csv(path: Path) -> Iterator[Row]:
    """Rows of a CSV file (comma, double quotes, a header); an empty cell is absent.

    Raises:
        CatalogError: When the file cannot be opened or lacks the column product_id.
    """
    too_long = [0]
    reader = csv.reader(_csv_lines(path, too_long), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise CatalogError(f"{path} has an unreadable header ({error}); write it again.") from error
    _require_product_id(header, path)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:  # the reader goes on with the next line
            yield {DEFECT: "unreadable_row", DETAIL: f"line {reader.line_num}: {error}"}
            continue
        if cells:
            yield _csv_row(header, cells, reader.line_num)
    for _ in range(too_long[0]):
        yield {DEFECT: "unreadable_row", DETAIL: f"a line of over {MAX_LINE} characters"}


def _csv_lines(path: Path, too_long: list[int]) -> Iterator[str]:
    for _, line in _lines(path, newline=""):
        if line is None:
            too_long[0] += 1
        else:
            yield line


def _csv_row(header: list[str], cells: list[str], number: int) -> Row:
    if len(cells) > len(header):
        detail = f"line {number}: {len(cells)} cells under {len(header)} columns"
        return {DEFECT: "unreadable_row", DETAIL: detail}
    if any(is_broken(cell) for cell in cells):
        return {DEFECT: "encoding", DETAIL: f"line {number}: not UTF-8"}
    return {name: cell or None for name, cell in zip(header, cells, strict=False) if name}


def _lines(path: Path, *, newline: str) -> Iterator[tuple[int, str | None]]:
    """Lines with their number from 1; None for one that is too long. Bad bytes are surrogates."""
    with _open_text(path, newline) as stream:
        number = 0
        while line := stream.readline(MAX_LINE):
            number += 1
            if len(line) < MAX_LINE or line.endswith(("\n", "\r")):
                yield number, line
                continue
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            yield number, None


def _open_text(path: Path, newline: str) -> IO[str]:
    try:
        with path.open("rb") as stream:
            head = stream.read(2)
        if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise CatalogError(f"{path} is UTF-16; save it as UTF-8.")
        return path.open(encoding="utf-8-sig", errors="surrogateescape", newline=newline)
    except OSError as error:
        raise CatalogError(f"{path} cannot be opened ({error}); check its permissions.") from error


def _require_product_id(names: Collection[str], path: Path) -> None:
    if "product_id" not in names:
        shown = ", ".join(sorted(str(name) for name in names)) or "none"
        raise CatalogError(
            f"{path} has no column product_id (its columns: {shown[:300]}); "
            "rename the column that identifies a product."
        )


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".parquet": read_parquet,
    ".jsonl": read_jsonl,
    ".csv": read_csv,
}
"""Readers by file suffix."""


def estimate_rows(path: Path) -> int:
    """Number of rows for progress bars: exact for Parquet, lines for text (0 when unreadable)."""
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError):
            return 0
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
