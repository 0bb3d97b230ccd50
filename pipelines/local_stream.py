"""What the local engine writes to stdout, taken apart into events.

The engine prints its own lines and the output of the running step to one stream. This module turns
that stream into three events - a step began, a step ended, a step said something - and keeps the
whole text in a log file.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BEGAN = re.compile(r"INFO - Executing task '([^']+)'")
_ENDED = re.compile(r"INFO - Task '([^']+)' finished with status SUCCESS|"
                    r"ERROR - Task '([^']+)' finished with status FAILURE")  # fmt: skip


@dataclass(frozen=True)
class Listener:
    """Who hears the events.

    Attributes:
        began: Gets the step's name, in kebab-case as the engine shows it.
        ended: Gets the step's name and whether its process succeeded.
        said: Gets one line of the running step's output, without colours.
    """

    began: Callable[[str], None]
    ended: Callable[[str, bool], None]
    said: Callable[[str], None]


class EngineStream(io.TextIOBase):
    """Stands in for stdout while the engine runs.

    Args:
        log: Gets every line.
        listener: Hears the events.
    """

    def __init__(self, log: TextIO, listener: Listener) -> None:
        self._log = log
        self._listener = listener
        self._pending = ""

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Take text in any portions; whole lines become events."""
        *lines, self._pending = (self._pending + text).split("\n")
        for line in lines:
            self._line(line)
        return len(text)

    def flush(self) -> None:
        """Flush the log."""
        self._log.flush()

    def _line(self, raw: str) -> None:
        redrawn = "\x1b[2K" in raw  # a frame of a live display: shown, but not worth keeping
        line = _COLOUR.sub("", raw).rstrip()
        if not redrawn:
            self._log.write(line + "\n")
        if began := _BEGAN.search(line):
            self._listener.began(began[1])
        elif ended := _ENDED.search(line):
            self._listener.ended(ended[1] or ended[2], ended[1] is not None)
        elif line.strip():
            self._listener.said(line.strip())
