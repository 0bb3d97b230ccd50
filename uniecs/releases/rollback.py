"""One command back: release, index, encoder and stages."""

from dataclasses import dataclass

from uniecs.releases.store import ReleaseStore


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a rollback changed."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback changed: release, model, generation, feature service, stages."""

    changes: list[Change]


def roll_back(store: ReleaseStore) -> Rollback:
    """Undo the last step that made something new live.

    Usually that is a deployment. When a version was promoted to production and never deployed,
    it is that promotion: the live release is the older one already and stays.

    Raises:
        RegistryError: When there is nothing to go back to.
        GenerationError: When the earlier generation is gone; all stays as it was.
        StageConflict: When something else was promoted or deployed in the meantime.
    """
    registry = store.registry
    live, production = store.live(), registry.production()
    stages = {made.version: made.stage for made in registry.list()}
    changes: list[Change] = []
    if live is None or (production and production.version != live.model_version):
        registry.rollback(expected=production.version if production else None)
    else:
        restored, left = store.rollback(expected=live.release_id)
        for what, name in (
            ("release", "release_id"),
            ("model", "model_version"),
            ("generation", "generation"),
            ("feature service", "feature_service"),
        ):
            before, after = getattr(left, name), getattr(restored, name)
            if before != after:
                changes.append(Change(what, str(before), str(after)))
    changes += [
        Change(f"stage of {made.version}", stages[made.version], made.stage)
        for made in registry.list()
        if made.stage != stages[made.version]
    ]
    return Rollback(changes)
