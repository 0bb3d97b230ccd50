"""Judge one version, say so, wait for the start, then promote it to production."""

import sys

from uniecs.errors import StageConflict
from uniecs.registry import Registry
from uniecs.releases.promotion import judge, promote
from uniecs.settings import Settings

if __name__ == "__main__":
    home, database, version = sys.argv[1:]
    registry = Registry(Settings(home=home, database_url=database or None))
    made = registry.get(version)
    gate = judge(made, registry.production())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    try:
        promote(registry, version, "production", gate=gate)
        sys.stdout.write("won\n")
    except StageConflict as conflict:
        sys.stdout.write(f"conflict {conflict}\n")
