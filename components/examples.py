"""Component: try the release as a person would, by words, by picture and by both."""

from kfp import dsl

from components.base import component


@component
def examples(paired: dsl.Input[dsl.Dataset], release: str, run_id: str) -> None:
    """Search the live release; the answers are told in the run's summary.

    Args:
        paired: The catalog with its split.
        release: The release that is live.
        run_id: Names the run's journal.
    """
    from pathlib import Path

    from uniecs.loop import examples
    from uniecs.settings import Settings

    spec = examples.ExamplesSpec(run_id=run_id, paired=Path(paired.path), release=release)
    examples.run(spec, Settings())
