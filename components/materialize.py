"""Component: bring the features of all products up to date."""

from kfp import dsl

from components.base import component


@component
def materialize(
    paired: dsl.Input[dsl.Dataset],
    run_id: str,
) -> str:
    """Return the feature service that the online store serves.

    Args:
        paired: The catalog with its split.
        run_id: Names the run's journal.
    """
    from pathlib import Path

    from uniecs.loop import materialize
    from uniecs.settings import Settings

    spec = materialize.MaterializeSpec(run_id=run_id, paired=Path(paired.path))
    return str(materialize.run(spec, Settings()).report["feature_service"])
