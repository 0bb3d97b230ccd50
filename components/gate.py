"""Component: decide whether the model may replace the one in production."""

from kfp import dsl

from components.base import component


@component
def gate(
    paired: dsl.Input[dsl.Dataset],
    evaluated: dsl.Input[dsl.Artifact],
    model_version: str,
    run_id: str,
    judged: dsl.Output[dsl.Artifact],
) -> str:
    """Return ``promote`` or ``refuse``.

    Args:
        paired: The catalog with its split.
        evaluated: The model's evaluation report.
        model_version: The registered model.
        run_id: Names the run's journal.
        judged: Folder with ``gate.json``.
    """
    from pathlib import Path

    from uniecs.loop import gate
    from uniecs.settings import Settings

    places = {"paired": Path(paired.path), "evaluated": Path(evaluated.path)}
    spec = gate.GateSpec(run_id=run_id, model_version=model_version, **places)
    output = gate.run(spec, Settings())
    output.publish(Path(judged.path))
    return str(output.report["decision"])
