"""Component: validate a catalog; a failed gate stops the pipeline here."""

from kfp import dsl

from components.base import component


@component
def validate(
    catalog: str,
    run_id: str,
    accepted: dsl.Output[dsl.Dataset],
    page: dsl.Output[dsl.HTML],
) -> None:
    """Publish the accepted rows of a catalog and the validation report.

    Args:
        catalog: Path of the catalog folder.
        run_id: Names the run's journal.
        accepted: Folder with ``catalog/`` (what may go on) and ``report/``.
        page: The report, for the Kubeflow UI.
    """
    import shutil
    from pathlib import Path

    from uniecs.loop import validate
    from uniecs.settings import Settings

    spec = validate.ValidateSpec(run_id=run_id, catalog=Path(catalog))
    output = validate.run(spec, Settings())
    output.publish(Path(accepted.path))
    shutil.copyfile(output.folder / "report" / "validation.html", page.path)
