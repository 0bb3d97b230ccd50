"""The digest of the source code that a step depends on, found without importing it."""

import hashlib
import importlib.machinery
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

from uniecs.errors import StepError

_COMPILED = {"__pycache__"}
_COMPILED_SUFFIXES = {".pyc", ".pyo"}


def code_digest(modules: Sequence[str]) -> str:
    """Digest the source files of modules and packages; a package counts with all files below it.

    Templates and other data of a package count too, because they shape what the step writes.

    Args:
        modules: Dotted names, for example ``["uniecs.catalog", "uniecs.encoder"]``.

    Returns:
        sha256 as hex, over module names, relative file names and contents.

    Raises:
        StepError: When a module cannot be found.

    Example:
        >>> code_digest(["uniecs.errors"]) == code_digest(["uniecs.errors"])
        True
    """
    total = hashlib.sha256()
    for module in sorted(set(modules)):
        for name, path in _sources(module):
            total.update(f"{module}\0{name}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _sources(module: str) -> Iterator[tuple[str, Path]]:
    spec = _find(module)
    if spec.submodule_search_locations is None:
        if spec.origin is None or not Path(spec.origin).is_file():
            raise StepError(f"Module {module!r} has no source file; name one that is Python code.")
        yield Path(spec.origin).name, Path(spec.origin)
        return
    for root in map(Path, spec.submodule_search_locations):
        files = [path for path in root.rglob("*") if path.is_file() and not _compiled(path)]
        yield from sorted((path.relative_to(root).as_posix(), path) for path in files)


def _compiled(path: Path) -> bool:
    return path.suffix in _COMPILED_SUFFIXES or not _COMPILED.isdisjoint(path.parts)


def _find(module: str) -> importlib.machinery.ModuleSpec:
    """Walk down from the top-level package; ``find_spec`` on a dotted name imports its parents."""
    first, *rest = module.split(".")
    spec = importlib.util.find_spec(first) if first else None
    name = first
    for part in rest:
        name = f"{name}.{part}"
        if spec is not None:
            places = spec.submodule_search_locations
            spec = importlib.machinery.PathFinder.find_spec(name, places) if places else None
    if spec is None:
        raise StepError(
            f"Module {module!r} was not found, so the code of the step has no digest. "
            "Check the name in `code=`, and that its package is installed or on the path."
        )
    return spec
