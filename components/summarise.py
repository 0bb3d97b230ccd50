"""Component: write the run's summary, whichever way the run ended."""

from kfp import dsl

from components.base import component


@component
def summarise(
    run_id: str,
    status: dsl.PipelineTaskFinalStatus,
    page: dsl.Output[dsl.HTML],
) -> None:
    """Write ``summary.json`` and ``summary.html`` into the run's folder.

    Args:
        run_id: Names the run's journal.
        status: How the engine thinks that the run ended.
        page: The summary, for the Kubeflow UI.
    """
    import shutil

    from uniecs.loop import summarise
    from uniecs.settings import Settings

    spec = summarise.SummariseSpec(run_id=run_id, engine_state=status.state)
    written = summarise.run(spec, Settings())
    shutil.copyfile(written / "summary.html", page.path)
