"""Component: embed the accepted catalog with the trained encoder."""

from kfp import dsl

from components.base import component


@component
def embed(
    paired: dsl.Input[dsl.Dataset],
    trained: dsl.Input[dsl.Model],
    run_id: str,
    embedded: dsl.Output[dsl.Dataset],
) -> None:
    """Publish one vector per product.

    Args:
        paired: The catalog with its split.
        trained: The trained model.
        run_id: Names the run's journal.
        embedded: Folder with ``vectors/``, immutable shards.
    """
    from pathlib import Path

    from uniecs.loop import embed
    from uniecs.settings import Settings

    places = {"paired": Path(paired.path), "trained": Path(trained.path)}
    embed.run(embed.EmbedSpec(run_id=run_id, **places), Settings()).publish(Path(embedded.path))
