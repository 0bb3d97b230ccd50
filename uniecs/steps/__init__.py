"""Run a step once: key, partial path, rename, manifest.

A pipeline step asks this package whether its output already exists before it imports anything
heavy, so importing it costs a few milliseconds.
"""

from uniecs.steps.output import StepOutput, folder_output_digest
from uniecs.steps.running import run_step

__all__ = ["StepOutput", "folder_output_digest", "run_step"]
