"""The machine that a row was measured on, and whether it was idle."""

import os
import platform
import subprocess
import time
from pathlib import Path

IDLE_LIMIT = 0.15
"""Busy share of all processors above which a run is not published."""

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "sve")
REPOSITORY = Path(__file__).parents[2]


def busy_share(seconds: float = 3.0, stat: Path = Path("/proc/stat")) -> float:
    """Share of all processors' time that was busy while this call waited.

    Time that the hypervisor took away counts as busy: it is missing all the same.
    """
    before = _ticks(stat)
    time.sleep(seconds)
    after = _ticks(stat)
    spent = [new - old for new, old in zip(after, before, strict=True)]
    idle = spent[3] + spent[4]  # idle and iowait
    return 1 - idle / max(1, sum(spent))


def _ticks(stat: Path) -> list[int]:
    """Clock ticks by kind, of all processors together, without guest time (it is in user time)."""
    return [int(value) for value in stat.read_text().splitlines()[0].split()[1:9]]


def machine() -> dict[str, object]:
    """Processor, its instruction sets that matter here, how many."""
    facts: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    known = set((facts.get("flags") or facts.get("Features") or "").split())
    return {
        "processor": facts.get("model name") or platform.machine(),
        "vendor": facts.get("vendor_id", ""),
        "flags": [flag for flag in FLAGS if flag in known],
        "processors": os.cpu_count(),
    }


def load() -> float:
    """Load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def commit() -> str:
    """Commit of this checkout, marked when tracked files differ from it; empty without git."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
