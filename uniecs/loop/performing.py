"""What all steps of the loop share: a spec, a key, a journal entry, published reports."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from uniecs.errors import GateRefused, StepError
from uniecs.loop.journal import Journal
from uniecs.settings import Settings
from uniecs.steps import StepOutput, run_step
from uniecs.steps.manifest import files_digest, read_manifest

Report = dict[str, Any]


class LoopSpec(BaseModel):
    """What every step is told.

    Attributes:
        run_id: Names the run's folder, where journal and summary are written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str


class Step(BaseModel):
    """How a step of the loop is keyed, done, and told to a person.

    Attributes:
        inputs: Name of each input -> digest of its content.
        config: Everything else that shapes the output.
        code: Modules and packages that the work runs, besides the step's own file.
        headline: One line of the report for a person.
        refusal: Why the run must stop here, or an empty string.
        still_valid: Whether what the step did elsewhere still exists; must be cheap.
        shows: Folder of the output that holds reports for a person; none by default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: Mapping[str, str]
    config: Mapping[str, Any] = {}
    code: Sequence[str]
    work: Callable[[Path], Mapping[str, Any]]
    headline: Callable[[Report], str]
    refusal: Callable[[Report], str] | None = None
    still_valid: Callable[[StepOutput], bool] | None = None
    shows: str = ""


def published_digest(folder: Path, part: str) -> str:
    """Digest of a part of a published output, from its manifest.

    A step that reads only ``catalog/`` of an output is not run again when only the pages beside it
    were drawn anew.

    Args:
        folder: Where a finished step was published.
        part: A folder of the output, or one file.

    Raises:
        StepError: When ``folder`` is no output of a finished step, or has no such part.
    """
    files = {
        name: file
        for name, file in read_manifest(folder).files.items()
        if name == part or name.startswith(f"{part}/")
    }
    if not files:
        raise StepError(f"{folder} holds no {part}; run the step that makes it again.")
    return files_digest(files)


SpecT = TypeVar("SpecT", bound=LoopSpec)


def loop_step(
    name: str,
) -> Callable[[Callable[[SpecT, Settings], Step]], Callable[[SpecT, Settings], StepOutput]]:
    """Turn a function that describes a step into one that runs it, or reuses it.

    The run's journal tells how it went, whichever way it ends: an error of the description (an
    input that is not there) is told like one of the work.

    Raises:
        GateRefused: When the step is a gate and says no; its output and reports are kept.
    """

    def decorate(describe: Callable[[SpecT, Settings], Step]) -> Callable[..., StepOutput]:
        @wraps(describe)
        def run(spec: SpecT, settings: Settings) -> StepOutput:
            with Journal(settings, spec.run_id).step(name) as recording:
                step = describe(spec, settings)
                output = run_step(
                    name,
                    inputs=step.inputs,
                    config=step.config,
                    code=[*step.code, describe.__module__],
                    work=step.work,
                    settings=settings,
                    still_valid=step.still_valid,
                )
                recording.finished(output, step.headline(output.report))
                if step.shows:
                    shown = output.folder / step.shows
                    shutil.copytree(shown, recording.reports, dirs_exist_ok=True)
                if step.refusal and (reason := step.refusal(output.report)):
                    raise GateRefused(reason, report=output.report)
            return output

        return run

    return decorate
