"""What a module imports from this repository, read from its source; nothing is imported."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
ROOMS = ("uniecs", "serving", "monitoring")
STARTED = {"serving.temporary": {"serving.__main__"}}
"""Modules that start a process of others, which no import shows."""


def source_of(module: str) -> Path | None:
    """The file of a module or package; None when it is neither."""
    path = REPOSITORY.joinpath(*module.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    return None


def imported(module: str) -> set[str]:
    """Modules that ``module`` names in an import, at its top or in a function.

    A name out of a package counts as the module of that name, or else as the package.
    """
    file = source_of(module)
    assert file is not None, module
    names = set(_named(ast.parse(file.read_text()))) | STARTED.get(module, set())
    return {name for name in names if name.split(".")[0] in ROOMS and source_of(name)}


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "absolute imports only"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if source_of(inner) else str(node.module)
    for child in ast.iter_child_nodes(node):
        yield from _named(child)


def closure(roots: Collection[str], *, without: Collection[str]) -> set[str]:
    """``roots`` and all that they import, and so on; neither what is left out nor its imports."""
    found: set[str] = set()
    pending = set(roots)
    while pending:
        module = pending.pop()
        if not covered(module, without):
            found.add(module)
            pending |= imported(module) - found
    return found


def covered(module: str, names: Collection[str]) -> bool:
    """Whether a list of modules and packages holds ``module``."""
    return any(module == name or module.startswith(f"{name}.") for name in names)
