"""Run a step, or give what an earlier run of the same step made (design contract 3)."""

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.errors import StepError
from uniecs.steps.durability import exclusive, move_durably, sync_all
from uniecs.steps.keys import plain, step_key
from uniecs.steps.manifest import (
    MANIFEST,
    Manifest,
    alterations,
    files_digest,
    is_scratch,
    output_files,
    read_manifest,
    walk,
    write_manifest,
)
from uniecs.steps.output import StepOutput

if TYPE_CHECKING:
    from pydantic import BaseModel

    from uniecs.settings import Settings

_LOG = logging.getLogger(__name__)


def run_step(
    name: str,
    *,
    inputs: Mapping[str, str],
    config: "BaseModel | Mapping[str, Any]",
    code: Sequence[str],
    work: Callable[[Path], Mapping[str, Any]],
    settings: "Settings",
    still_valid: Callable[[StepOutput], bool] | None = None,
) -> StepOutput:
    """Do ``work`` once for one combination of code, config and inputs.

    ``work`` gets a folder and writes its output there. If it is killed, the next run of the same
    step gets the same folder with what was already in it, and may go on from there. Names
    beginning with a dot and ``*.tmp`` or ``*.partial`` are its own notes: kept for a resumed run,
    removed when it is done. A second process that wants the same step waits and reuses.

    Args:
        name: Name of the step; outputs lie under ``<root>/steps/<name>/<key>``.
        inputs: Name of each input -> digest of its content.
        config: Everything else that shapes the output.
        code: Modules and packages that the work runs, for example ``["uniecs.catalog"]``.
        work: Writes output files below the folder it is given and returns a JSON report.
        settings: Says where steps are stored.
        still_valid: Asked before reuse whether what the step did elsewhere (a collection in
            Milvus, a row in the registry) still exists; if not, the step runs again.

    Returns:
        The output; ``reused`` says whether an earlier run made it.

    Raises:
        StepError: For an unusable name, module, config or report, or when ``work`` wrote a file
            named like the manifest. Errors of ``work`` come through unchanged.

    Example:
        >>> import tempfile; from uniecs.settings import Settings
        >>> def work(folder):
        ...     _ = (folder / "greeting.txt").write_text("hello")
        ...     return {"words": 1}
        >>> settings = Settings(home=tempfile.mkdtemp())
        >>> run = lambda: run_step("greet", inputs={}, config={"language": "en"},
        ...                        code=["uniecs.errors"], work=work, settings=settings)
        >>> run().reused, run().reused, run().report
        (False, True, {'words': 1})
    """
    resolved = plain(config)
    key, sources = step_key(name, inputs=inputs, config=resolved, code=code)
    store = settings.steps_dir / name
    store.mkdir(parents=True, exist_ok=True)
    final = store / key
    partial = store / f"{key}.partial"
    with exclusive(store / f"{key}.lock"):
        if not final.exists() and _complete(partial):
            move_durably(partial, final)  # from here on an output like any other
        found = _reusable(final, still_valid)
        if found is not None:
            _LOG.info("step %s: reused %s", name, key)
            return found
        report = _do(work, partial)
        files = output_files(partial)
        manifest = Manifest(
            name=name,
            key=key,
            code=sources,
            config=resolved,
            inputs=dict(inputs),
            files=files,
            digest=files_digest(files),
            report=report,
        )
        _seal(partial, manifest)
        move_durably(partial, final)
        _LOG.info("step %s: finished %s", name, key)
        return _output(final, read_manifest(final), reused=False)


def _reusable(final: Path, still_valid: Callable[[StepOutput], bool] | None) -> StepOutput | None:
    if not final.exists():
        return None
    try:
        manifest = read_manifest(final)
        problems = alterations(final, manifest)
    except StepError as error:
        problems = [str(error)]
    if problems:
        aside = _set_aside(final, "altered")
        _LOG.warning(
            "%s was altered after the step finished (%s); it is kept as %s and the step runs again",
            final,
            "; ".join(problems[:5]),
            aside.name,
        )
        return None
    output = _output(final, manifest, reused=True)
    if still_valid is not None and not still_valid(output):
        _LOG.warning("what %s stands for is gone; the step runs again", final)
        shutil.rmtree(_set_aside(final, "expired"))
        return None
    return output


def _set_aside(final: Path, why: str) -> Path:
    number = 1
    while (aside := final.with_name(f".{why}-{final.name}-{number}")).exists():
        number += 1
    move_durably(final, aside)
    return aside


def _complete(partial: Path) -> bool:
    """Whether an earlier run was killed between the manifest and the last rename."""
    if not (partial / MANIFEST).exists():
        return False
    try:
        return not alterations(partial, read_manifest(partial))
    except StepError:
        return False


def _do(work: Callable[[Path], Mapping[str, Any]], partial: Path) -> dict[str, Any]:
    partial.mkdir(exist_ok=True)
    (partial / MANIFEST).unlink(missing_ok=True)
    report = plain(work(partial))
    if (partial / MANIFEST).exists():
        raise StepError(
            f"The work wrote {MANIFEST} at the top of its output, where the step writes its own. "
            "Let it write into a folder below."
        )
    return report


def _seal(partial: Path, manifest: Manifest) -> None:
    """Make the output durable; the manifest comes last, so it never vouches for lost bytes."""
    for path in [*partial.rglob("*")]:
        if is_scratch(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    folders = [path for path in partial.rglob("*") if path.is_dir() and not path.is_symlink()]
    sync_all([*walk(partial), *folders, partial])
    write_manifest(partial, manifest)


def _output(folder: Path, manifest: Manifest, *, reused: bool) -> StepOutput:
    return StepOutput(
        folder=folder,
        report=dict(manifest.report),
        key=manifest.key,
        digest=manifest.digest,
        reused=reused,
    )
