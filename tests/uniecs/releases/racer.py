"""Say that this process is ready, wait for the start, then promote one version to production."""

import sys

from uniecs.errors import StageConflict
from uniecs.evaluation.gates import GateReport
from uniecs.registry import Registry
from uniecs.releases.promotion import promote
from uniecs.settings import Settings

if __name__ == "__main__":
    home, database, gate = sys.argv[1:]
    judged = GateReport.model_validate_json(gate)
    registry = Registry(Settings(home=home, database_url=database or None))
    registry.list()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    try:
        promote(registry, judged.model_version, "production", gate=judged)
        sys.stdout.write("won\n")
    except StageConflict as conflict:
        sys.stdout.write(f"conflict {conflict}\n")
