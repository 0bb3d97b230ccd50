"""The key of a step: one digest of its name, code, config and inputs."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from uniecs.errors import StepError
from uniecs.steps.code import code_digest

if TYPE_CHECKING:
    from pydantic import BaseModel

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_KEY_LENGTH = 32  # 128 bits of sha256: short enough for paths that a person reads


def plain(value: "BaseModel | Mapping[str, Any]") -> dict[str, Any]:
    """What ``value`` is once written as JSON and read again.

    Raises:
        StepError: When a part of it has no JSON form.
    """
    content = value if isinstance(value, Mapping) else value.model_dump(mode="json")
    loaded: dict[str, Any] = json.loads(canonical_json(content))
    return loaded


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text.

    Raises:
        StepError: When a part of it has no JSON form (NaN and infinity have none).
    """
    try:
        return json.dumps(
            value,
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
            default=_json_form,
        )
    except (TypeError, ValueError) as error:
        raise StepError(
            f"A step's config, inputs and report must be plain JSON: {error}. "
            "Convert the value, or leave it out."
        ) from error


def _json_form(value: Any) -> Any:
    if isinstance(value, PurePath):
        return value.as_posix()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} {value!r} has no JSON form")


def step_key(
    name: str, *, inputs: Mapping[str, str], config: Mapping[str, Any], code: Sequence[str]
) -> tuple[str, str]:
    """The key of a step, and the digest of its code.

    Args:
        name: Name of the step: lower-case letters, digits, ``-`` and ``_``.
        inputs: Name of each input -> digest of its content.
        config: Resolved configuration, plain JSON.
        code: Dotted names of the modules and packages that the step runs.

    Returns:
        ``(key, code digest)``, both lower-case hex.

    Raises:
        StepError: For an unusable name, an input without a digest, or an unknown module.
    """
    if not _NAME.fullmatch(name):
        raise StepError(
            f"Step name {name!r} cannot be a folder name; use lower-case letters, digits, - and _."
        )
    for label, digest in inputs.items():
        if not isinstance(digest, str) or not digest:
            raise StepError(f"Input {label!r} of step {name} has no digest (got {digest!r}).")
    sources = code_digest(code)
    content = {"name": name, "code": sources, "config": config, "inputs": dict(inputs)}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:_KEY_LENGTH], sources
