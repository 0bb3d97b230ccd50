"""Component: build a generation of the index and verify it."""

from kfp import dsl

from components.base import component


@component
def index(
    paired: dsl.Input[dsl.Dataset],
    embedded: dsl.Input[dsl.Dataset],
    model_version: str,
    run_id: str,
) -> str:
    """Return the verified generation; searches do not see it yet.

    Args:
        paired: The catalog with its split.
        embedded: One vector per product.
        model_version: The registered model that made the vectors.
        run_id: Names the run's journal.
    """
    from pathlib import Path

    from uniecs.loop import index
    from uniecs.settings import Settings

    places = {"paired": Path(paired.path), "embedded": Path(embedded.path)}
    spec = index.IndexSpec(run_id=run_id, model_version=model_version, **places)
    return str(index.run(spec, Settings()).report["generation"])
