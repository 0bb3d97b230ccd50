"""Commands: export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from uniecs.cli.runtime import console, emit_json

if TYPE_CHECKING:
    from uniecs.inference.export import ExportReport


def register(app: typer.Typer) -> None:
    """Add this room's commands to ``app``."""
    app.command("export")(export)


def export(
    model: Annotated[Path, typer.Argument(help="Model folder, such as RUN/model.")],
    out: Annotated[Path, typer.Argument(help="Folder to write; an older export is replaced.")],
    *,
    kind: Annotated[Literal["onnx"], typer.Option("--format", help="The only one.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="Also with 8-bit weights.")] = False,
    catalog: Annotated[
        Path | None,
        typer.Option(help="Compare on its products, and macro R@10; else on random items."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print export.json.")] = False,
) -> None:
    """Write the model as ONNX graphs, and prove that they give its vectors.

    Example: uniecs export runs/first/model exported --int8 --catalog demo-accepted
    """
    from uniecs.encoder.folder import verify_model_folder
    from uniecs.errors import GateRefused

    verify_model_folder(model)  # before the heavy imports
    from uniecs.inference.export import ExportReport, export_model

    with console.status(f"{kind}: loading") as status:
        try:
            report = export_model(
                model,
                out,
                catalog=catalog,
                int8=int8,
                note=lambda what: status.update(f"{kind}: {what}"),
            )
        except GateRefused as refused:
            _show(ExportReport.model_validate(refused.report), as_json=as_json)
            raise
    _show(report, as_json=as_json)
    console.print(f"model version {report.model_version}: {out}", soft_wrap=True)


def _show(report: "ExportReport", *, as_json: bool) -> None:
    if as_json:
        emit_json(report.model_dump(mode="json"))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("", title=report.sample)
    for name in ("min cosine: I", "T", "IT", "at least", "macro R@10", "lost, points"):
        table.add_column(name, justify="right")
    if report.recall:
        table.add_row("model", *[""] * 4, f"{report.recall.model['macro']:.4f}", "")
    for name, found in report.parity.items():
        cosines = [f"{found.cosine.get(view, 0):.6f}" for view in ("I", "T", "IT")]
        recall = ["", ""]
        if report.recall:
            lost = report.recall.lost[name]
            recall = [f"{report.recall.graphs[name]['macro']:.4f}", f"{lost * 100:+.2f}"]
        table.add_row(name, *cosines, f"{found.threshold}", *recall)
    out = Console(highlight=False)
    out.print(table)
    if report.recall and not report.recall.judged:
        out.print(
            f"With {min(report.recall.queries.values())} queries a task, one changed rank is more "
            "than what may be lost: nothing is refused for it.",
            soft_wrap=True,
        )
