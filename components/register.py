"""Component: register the trained model with its report."""

from kfp import dsl

from components.base import component


@component
def register(
    paired: dsl.Input[dsl.Dataset],
    trained: dsl.Input[dsl.Model],
    evaluated: dsl.Input[dsl.Artifact],
    run_id: str,
) -> str:
    """Return the model version.

    Args:
        paired: The catalog with its split.
        trained: The trained model.
        evaluated: Its evaluation report.
        run_id: Names the run's journal.
    """
    from pathlib import Path

    from uniecs.loop import register
    from uniecs.settings import Settings

    artifacts = {"paired": paired, "trained": trained, "evaluated": evaluated}
    places = {name: Path(artifact.path) for name, artifact in artifacts.items()}
    output = register.run(register.RegisterSpec(run_id=run_id, **places), Settings())
    return str(output.report["version"])
