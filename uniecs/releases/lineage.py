"""Where a release comes from: catalog, evidence, model, gate, generation, deployments."""

from dataclasses import asdict
from typing import Any

from uniecs.releases.store import ReleaseStore


def lineage(store: ReleaseStore, ref: str) -> dict[str, Any]:
    """Everything between the catalog and a release, as plain JSON, in the order of the loop.

    Raises:
        RegistryError: When there is no such release.
    """
    release = store.get(ref)
    model = store.registry.get(release.model_version)
    stages = store.registry.history(model.version)
    return {
        "catalog_digest": release.catalog_digest,
        "model": {
            "version": model.version,
            "number": model.number,
            "stage": model.stage,
            "processor_digest": model.processor_digest,
            "registered": model.created,
            "lineage": dict(model.lineage),
        },
        "evaluation": {
            "catalog_digest": model.catalog_digest,
            "report_digest": model.report_digest,
            "metrics": dict(model.metrics),
        },
        "stages": [
            {
                "stage": change.to_stage,
                "reason": change.reason,
                "gate_digest": change.gate_digest,
                "actor": change.actor,
                "time": change.time,
            }
            for change in stages
        ],
        "generation": release.generation,
        "feature_service": release.feature_service,
        "release": asdict(release),
        "deployments": [
            asdict(deployment)
            for deployment in store.history()
            if release.release_id in (deployment.release_id, deployment.before)
        ],
    }
