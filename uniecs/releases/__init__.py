"""Releases: a model version, its generation and its feature service, moved as one."""

from uniecs.releases.promotion import Promotion, promote
from uniecs.releases.release import Release
from uniecs.releases.rollback import Rollback, roll_back
from uniecs.releases.store import ReleaseStore

__all__ = ["Promotion", "Release", "ReleaseStore", "Rollback", "promote", "roll_back"]
