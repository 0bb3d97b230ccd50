"""Run a compiled pipeline on this machine, with one line per step."""

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.local_stream import EngineStream, Listener


def run_compiled(
    package: Path, arguments: Mapping[str, Any], *, folder: Path, listener: Listener
) -> bool:
    """Run a compiled pipeline with the local engine: one process per step, this interpreter.

    Args:
        package: The compiled YAML.
        arguments: Pipeline parameters.
        folder: Gets ``pipeline.log``; the engine's artifacts lie here while it runs.
        listener: Hears which step began, ended or said something.

    Returns:
        Whether every step succeeded.
    """
    from kfp import components, local

    artifacts = folder / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    local.init(
        local.SubprocessRunner(use_venv=False), pipeline_root=str(artifacts), raise_on_error=True
    )
    pipeline = components.load_component_from_file(str(package))
    with (folder / "pipeline.log").open("w", encoding="utf-8") as log:
        stream = EngineStream(log, listener)
        try:
            with contextlib.redirect_stdout(stream):
                pipeline(**arguments)
        except RuntimeError as error:
            stream.write(f"{error}\n")  # the engine's only sign that a step failed
            return False
        finally:
            shutil.rmtree(artifacts, ignore_errors=True)  # names of what lies under steps/
    return True
