"""Component: judge the trained encoder on the nine tasks and the judged queries."""

from kfp import dsl

from components.base import component


@component
def evaluate(
    paired: dsl.Input[dsl.Dataset],
    trained: dsl.Input[dsl.Model],
    embedded: dsl.Input[dsl.Dataset],
    run_id: str,
    evaluated: dsl.Output[dsl.Artifact],
    page: dsl.Output[dsl.HTML],
) -> None:
    """Publish the evaluation report.

    Args:
        paired: The catalog with its split.
        trained: The trained model.
        embedded: What it said of every product.
        run_id: Names the run's journal.
        evaluated: Folder with ``report/``.
        page: The report, for the Kubeflow UI.
    """
    import shutil
    from pathlib import Path

    from uniecs.loop import evaluate
    from uniecs.settings import Settings

    spec = evaluate.EvaluateSpec(
        run_id=run_id,
        paired=Path(paired.path),
        trained=Path(trained.path),
        embedded=Path(embedded.path),
    )
    output = evaluate.run(spec, Settings())
    output.publish(Path(evaluated.path))
    shutil.copyfile(output.folder / "report" / "report.html", page.path)
