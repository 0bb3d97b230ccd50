"""Register the trained model, with its evaluation report as evidence."""

from pathlib import Path
from typing import Any

from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings
from uniecs.steps import StepOutput
from uniecs.steps.manifest import read_manifest


class RegisterSpec(LoopSpec):
    """Where catalog, model and report were published."""

    paired: Path
    trained: Path
    evaluated: Path


@loop_step("register")
def run(spec: RegisterSpec, settings: Settings) -> Step:
    """Make the model a version in stage ``candidate``, unless it went further before."""
    inputs = {
        "paired": published_digest(spec.paired, "catalog"),
        "trained": published_digest(spec.trained, "model"),
        "evaluated": published_digest(spec.evaluated, "report/report.json"),
    }
    return Step(
        inputs=inputs,
        code=["uniecs.registry", "uniecs.encoder.folder", "uniecs.catalog.digests"],
        work=lambda _: _work(spec, settings, lineage=inputs),
        headline=_headline,
        still_valid=lambda output: _still_registered(output, spec.evaluated, settings),
    )


def _work(spec: RegisterSpec, settings: Settings, *, lineage: dict[str, str]) -> dict[str, Any]:
    from uniecs.registry import Registry

    registry = Registry(settings, actor="pipeline")
    version = registry.register(
        spec.trained / "model",
        spec.evaluated / "report",
        lineage={"run": spec.run_id, "steps": lineage},
    )
    if version.stage == "none":
        version = registry.transition(version.version, "candidate")
    return {"version": version.version, "number": version.number}


def _still_registered(output: StepOutput, evaluated: Path, settings: Settings) -> bool:
    """Whether the registry holds the model, and with this report unless it is in production.

    Production is judged anew by each gate on another catalog; that report is not taken back.
    """
    from uniecs.errors import RegistryError
    from uniecs.registry import Registry

    try:
        found = Registry(settings).get(output.report["version"])
    except RegistryError:
        return False
    report = read_manifest(evaluated).files["report/report.json"].sha256
    judged = found.stage == "production" or found.report_digest == report
    return judged and found.folder.is_dir()


def _headline(report: Report) -> str:
    return f"model {report['version']} is version {report['number']}"
