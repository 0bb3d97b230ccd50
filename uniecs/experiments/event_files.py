"""Reading events from files: every row is checked, and a bad one is named."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from uniecs.errors import EventError
from uniecs.experiments.events import EVENT_COLUMNS, Event, table_of_columns

if TYPE_CHECKING:
    import pandas as pd


def read_events(path: Path) -> "pd.DataFrame":
    """Events of a .jsonl or .parquet file as one table of ``EVENT_COLUMNS``.

    Rows stream through the schema, so a file of a million events needs no million objects.

    Raises:
        EventError: When the file is missing, is of another kind or cannot be read, or when a row
            is malformed; names the row, the column and the value.
    """
    readers = {".jsonl": _jsonl_rows, ".parquet": _parquet_rows}
    if path.suffix not in readers:
        raise EventError(f"{path}: events are read from .jsonl or .parquet; convert the file.")
    if not path.is_file():
        raise EventError(f"{path}: no such file of events; check the path.")
    columns: dict[str, list[Any]] = {name: [] for name in EVENT_COLUMNS}
    for number, row in enumerate(readers[path.suffix](path)):
        event = parse_event(row, where=f"{path}, row {number}")
        for name, values in columns.items():
            values.append(getattr(event, name))
    return table_of_columns(columns)


def parse_event(row: Any, *, where: str) -> Event:
    """One event from raw values.

    Args:
        row: Values by column name.
        where: Where the row comes from, for the message.

    Raises:
        EventError: When the row breaks the schema.
    """
    try:
        return Event.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(str(part) for part in first["loc"]) or "row"
        value = "" if first["type"] == "missing" else f" (value {str(first['input'])[:80]!r})"
        raise EventError(
            f"{where}: {column}: {first['msg']}{value}; mend or remove the event."
        ) from error


def _jsonl_rows(path: Path) -> Iterator[Any]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream):
            if not line.strip():
                continue
            try:
                yield json.loads(line.decode("utf-8-sig"))
            except (UnicodeDecodeError, json.JSONDecodeError) as error:
                raise EventError(
                    f"{path}, line {number + 1}: not JSON ({error}); mend or remove the line."
                ) from error


def _parquet_rows(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=8192):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise EventError(f"{path} is not a readable Parquet file: {error}") from error
