"""A step's key covers the code that shapes its output: all that it imports, but for reasons."""

import ast
from pathlib import Path

import pytest

from tests.uniecs.loop.imports import REPOSITORY, closure, covered, imported

STEPS = sorted(
    path.stem
    for path in (REPOSITORY / "components").glob("[a-z]*.py")
    if path.stem not in ("base", "summarise")  # the summary tells of one run and has no key
)

EVERY_STEP = {
    "uniecs.database": "opens a connection",
    "uniecs.errors": "shapes messages",
    "uniecs.loop.journal": "tells of the step",
    "uniecs.loop.performing": "runs any step",
    "uniecs.settings": "says where things lie",
    "uniecs.steps": "stores any output",
}
REASONS = {
    "deploy": {
        "uniecs.cli.runtime": "prints the errors of a server",
        "uniecs.evaluation": "judges promotions; a deployment asks for the stage alone",
    },
    "examples": {"uniecs.registry": "finds the folder of the release's model"},
    "index": {"uniecs.registry": "finds the folder of the model, which made the vectors before"},
    "monitor": {"uniecs.loop.materialize": "counts the events for the key"},
    "promote": {
        "uniecs.cli.runtime": "prints the errors of a server",
        "uniecs.evaluation": "judged before: its report is an input",
        "uniecs.index": "is moved by a deployment, not by a promotion",
        "uniecs.loop.gate": "names the file of the report",
    },
    "simulate_events": {"uniecs.evaluation.views": "says what an encoder is to a type checker"},
    "train": {"uniecs.loop.training_log": "tells MLflow once the model is made"},
}
"""Step -> what it imports and its list does not name -> why its output is the same without."""


def listed(step: str) -> list[str]:
    """``code=`` of the step's description."""
    tree = ast.parse((REPOSITORY / "uniecs" / "loop" / f"{step}.py").read_text())
    lists = [
        keyword.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Step"
        for keyword in call.keywords
        if keyword.arg == "code"
    ]
    assert len(lists) == 1, step
    return list(ast.literal_eval(lists[0]))


def roots_of(step: str) -> set[str]:
    """The step, and the adapters that its component hands in."""
    return {f"uniecs.loop.{step}"} | imported(f"components.{step}")


def test_every_component_of_the_pipeline_is_looked_at() -> None:
    assert len(STEPS) == 14


@pytest.mark.parametrize("step", STEPS)
def test_a_key_covers_all_code_that_the_step_runs(step: str) -> None:
    without = EVERY_STEP.keys() | REASONS.get(step, {}).keys()

    used = closure(roots_of(step), without=without)

    missed = {
        module for module in used if not covered(module, [*listed(step), f"uniecs.loop.{step}"])
    }
    assert missed == set(), f"name these in `code=` of uniecs/loop/{step}.py"


@pytest.mark.parametrize("step", STEPS)
def test_a_key_names_nothing_that_the_step_does_not_run(step: str) -> None:
    used = closure(roots_of(step), without=())

    unused = [name for name in listed(step) if not any(covered(module, [name]) for module in used)]
    needless = [name for name in REASONS.get(step, {}) if not any(covered(m, [name]) for m in used)]
    assert (unused, needless) == ([], [])


def test_imports_are_read_at_the_top_in_functions_and_not_for_types_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.uniecs.loop import imports

    sources = {
        "__init__": "",
        "step": "from uniecs.deep import inner\n"
        "if TYPE_CHECKING:\n    from uniecs.typed import Type\n"
        "def work():\n    import os\n    from uniecs.late import thing\n",
        "deep/__init__": "VALUE = 1\n",
        "deep/inner": "from uniecs.deep import VALUE\n",
        "late": "",
        "typed": "",
    }
    for name, text in sources.items():
        file = tmp_path / "uniecs" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(imports, "REPOSITORY", tmp_path)

    assert closure({"uniecs.step"}, without=()) == {
        "uniecs.step", "uniecs.deep.inner", "uniecs.deep", "uniecs.late",
    }  # fmt: skip
    assert closure({"uniecs.step"}, without=("uniecs.deep",)) == {"uniecs.step", "uniecs.late"}
