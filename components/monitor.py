"""Component: watch what is live; the verdict is what may trigger the next retraining."""

from kfp import dsl

from components.base import component


@component
def monitor(
    paired: dsl.Input[dsl.Dataset],
    release: str,
    run_id: str,
    watched: dsl.Output[dsl.Artifact],
    page: dsl.Output[dsl.HTML],
) -> str:
    """Return the verdict: healthy, drifted or insufficient_data.

    Args:
        paired: The catalog with its split.
        release: The release that is live.
        run_id: Names the run's journal.
        watched: Folder with ``report/``.
        page: The report, for the Kubeflow UI.
    """
    import shutil
    from pathlib import Path

    from monitoring.report import ReportSpec, make_report
    from uniecs.loop import monitor
    from uniecs.settings import Settings

    settings = Settings()
    spec = monitor.MonitorSpec(run_id=run_id, paired=Path(paired.path), release=release)
    output = monitor.run(
        spec, settings, lambda **places: make_report(ReportSpec(**places), settings)
    )
    output.publish(Path(watched.path))
    shutil.copyfile(output.folder / "report" / "index.html", page.path)
    return str(output.report["verdict"])
