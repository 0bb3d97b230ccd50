"""Write the summary of a run: JSON for programs, one page for a person."""

import json
from pathlib import Path

from uniecs.loop.journal import Journal
from uniecs.loop.performing import LoopSpec
from uniecs.loop.summary import Live, gather, write_summary
from uniecs.loop.summary_page import write_page
from uniecs.registry import Registry
from uniecs.releases.pointer_file import pointer_file
from uniecs.settings import Settings


class SummariseSpec(LoopSpec):
    """Which run to sum up.

    Attributes:
        engine_state: How the pipeline engine says that the steps ended.
    """

    engine_state: str = "SUCCEEDED"


def run(spec: SummariseSpec, settings: Settings) -> Path:
    """Write ``summary.json`` and ``summary.html``; never reused, because it tells of this run.

    Returns:
        The run's folder.
    """
    journal = Journal(settings, spec.run_id)
    summary = gather(journal, live=_live(settings), engine_state=spec.engine_state)
    write_page(summary)
    write_summary(summary)
    return journal.folder


def _live(settings: Settings) -> Live:
    """What the release pointer names; nothing before the first deployment."""
    try:
        pointer = json.loads(pointer_file(settings).read_bytes())
    except (OSError, ValueError):
        return Live()
    version = str(pointer["model_version"])
    return Live(
        model_version=version,
        stage=Registry(settings).board().stage(version),
        generation=pointer["generation"],
        release=pointer["release_id"],
    )
