"""Component: embed the accepted catalog with the trained encoder."""

from kfp import dsl

from components.base import component


@component
def embed(
    accepted: dsl.Input[dsl.Dataset],
    trained: dsl.Input[dsl.Model],
    run_id: str,
    embedded: dsl.Output[dsl.Dataset],
) -> None:
    """Publish one vector per product.

    Args:
        accepted: What validation accepted.
        trained: The trained model.
        run_id: Names the run's journal.
        embedded: Folder with ``vectors/``, immutable shards.
    """
    from pathlib import Path

    from uniecs.loop import embed
    from uniecs.settings import Settings

    places = {"accepted": Path(accepted.path), "trained": Path(trained.path)}
    embed.run(embed.EmbedSpec(run_id=run_id, **places), Settings()).publish(Path(embedded.path))
