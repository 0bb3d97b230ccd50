"""Component: count splits and pairs, and stop a catalog that cannot be judged honestly."""

from kfp import dsl

from components.base import component


@component
def split_and_pair(
    accepted: dsl.Input[dsl.Dataset],
    run_id: str,
    paired: dsl.Output[dsl.Dataset],
) -> None:
    """Publish the catalog with its split, and the evaluation pairs.

    Args:
        accepted: What validation accepted.
        run_id: Names the run's journal.
        paired: Folder with ``catalog/`` and ``pairs/``.
    """
    from pathlib import Path

    from uniecs.loop import split_and_pair
    from uniecs.settings import Settings

    spec = split_and_pair.SplitSpec(run_id=run_id, accepted=Path(accepted.path))
    split_and_pair.run(spec, Settings()).publish(Path(paired.path))
