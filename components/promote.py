"""Component: promote the model to production, on the gate's report and proof that it serves."""

from kfp import dsl

from components.base import component


@component
def promote(
    judged: dsl.Input[dsl.Artifact],
    model_version: str,
    run_id: str,
) -> str:
    """Return the model version, which is in production now.

    Args:
        judged: The gate's report.
        model_version: The registered model.
        run_id: Names the run's journal.
    """
    from pathlib import Path

    from serving.rollout import check_temporarily
    from uniecs.loop import promote
    from uniecs.settings import Settings

    places = {"judged": Path(judged.path)}
    spec = promote.PromoteSpec(run_id=run_id, model_version=model_version, **places)
    output = promote.run(spec, Settings(), check_temporarily)
    return str(output.report["model_version"])
