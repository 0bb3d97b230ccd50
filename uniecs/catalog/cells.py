"""Cells of a catalog row as Parquet, JSON lines and CSV write them, read as plain values."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

MAX_TEXT = 100_000
"""Longest text of one cell, characters."""


def is_broken(text: str) -> bool:
    r"""Whether a text holds a NUL or a lone surrogate, which stands for bytes that were not UTF-8.

    Example:
        >>> is_broken("red"), is_broken("red\0")
        (False, True)
    """
    if "\0" in text:
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def parse_attributes(value: Any) -> dict[str, Any]:
    """Attributes as given (a JSON object in a string, a mapping, nothing) as plain JSON values.

    Raises:
        ValueError: When it is no JSON object, holds NaN or a broken character, or is too long.

    Example:
        >>> parse_attributes('{"color": "Red"}')
        {'color': 'Red'}
    """
    if value is None or value == "":
        return {}
    if isinstance(value, Mapping | list):  # a struct or map column; dates become words
        try:
            value = json.dumps(dict(value), default=str, allow_nan=False)
        except TypeError as error:
            raise ValueError("attributes must be a JSON object") from error
    if not isinstance(value, str):
        raise ValueError("attributes must be a JSON object")
    if len(value) > MAX_TEXT:
        raise PydanticCustomError("string_too_long", "attributes are too long")
    try:
        parsed = json.loads(value, parse_constant=_refuse_constant)
        plain = json.dumps(parsed, ensure_ascii=False)
    except RecursionError as error:
        raise ValueError("attributes are nested too deeply") from error
    if not isinstance(parsed, dict):
        raise ValueError("attributes must be a JSON object")
    if "\\u0000" in plain or is_broken(plain):
        raise PydanticCustomError("encoding", "attributes hold a NUL or a broken character")
    return parsed


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def parse_image_paths(value: Any) -> tuple[Any, ...]:
    """Paths as given (a list, one path, a JSON list in a string, nothing) without empty ones.

    Raises:
        ValueError: When it is none of these.

    Example:
        >>> parse_image_paths('["images/1.jpg", ""]')
        ('images/1.jpg',)
    """
    if value is None:
        return ()
    if isinstance(value, str):
        value = _parse_path_list(value)
    if hasattr(value, "tolist"):  # a numpy array
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise ValueError("image_paths must be a list of paths")
    paths = tuple(path for path in value if path not in (None, ""))
    if any(isinstance(path, str) and is_broken(path) for path in paths):
        raise PydanticCustomError("encoding", "a path holds a NUL or a broken character")
    return paths


def _parse_path_list(text: str) -> Any:
    if not text.lstrip().startswith("["):
        return [text.strip()]
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("image_paths are nested too deeply") from error
