"""Model versions and their stages (MLflow underneath)."""

from uniecs.registry.registry import Registry
from uniecs.registry.runs import log_run
from uniecs.registry.stages import STAGES, Stage
from uniecs.registry.versions import ModelVersion

__all__ = ["STAGES", "ModelVersion", "Registry", "Stage", "log_run"]
