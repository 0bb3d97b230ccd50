"""Bring the features of all products up to date: from the catalog, and from what shoppers did."""

from pathlib import Path
from typing import Any

from uniecs.catalog.digests import folder_digest
from uniecs.experiments.feast_store import feature_repository
from uniecs.experiments.feature_state import read_feature_state
from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings
from uniecs.steps import StepOutput


class MaterializeSpec(LoopSpec):
    """Where the catalog was published."""

    paired: Path


@loop_step("materialize")
def run(spec: MaterializeSpec, settings: Settings) -> Step:
    """Apply the feature definitions and load the online store from catalog and stored events."""
    definitions = feature_repository(settings)
    sources = [*sorted(definitions.glob("*.py")), definitions / "feature_store.yaml"]
    return Step(
        inputs={
            "catalog": published_digest(spec.paired, "catalog"),
            "events": events_so_far(settings),
            "definitions": folder_digest(definitions, sources),
        },
        code=["uniecs.catalog", "uniecs.experiments"],
        work=lambda _: _work(spec, settings),
        headline=_headline,
        still_valid=lambda output: _still_online(output, settings),
    )


def events_so_far(settings: Settings) -> str:
    """How many events there are, and the time of the newest: both change when one is appended."""
    from sqlalchemy import func, select

    from uniecs.database import create_tables, open_database
    from uniecs.experiments.event_store import events_table

    engine = open_database(settings)
    create_tables(engine, events_table)
    with engine.connect() as connection:
        count, newest = connection.execute(
            select(func.count(), func.max(events_table.c.time)).select_from(events_table)
        ).one()
    return f"{count} until {newest}"


def _work(spec: MaterializeSpec, settings: Settings) -> dict[str, Any]:
    from uniecs.catalog.reading import Catalog
    from uniecs.experiments.event_store import EventStore
    from uniecs.experiments.feast_store import apply_features, materialize_features

    apply_features(settings)
    catalog = Catalog(spec.paired / "catalog")
    state = materialize_features(settings, catalog, EventStore(settings).read())
    return state.model_dump(mode="json")


def _still_online(output: StepOutput, settings: Settings) -> bool:
    state = read_feature_state(settings)
    return state is not None and state.model_dump(mode="json") == output.report


def _headline(report: Report) -> str:
    rows = min(report["rows"].values(), default=0)
    return (
        f"{report['feature_service']}: {rows:,} products in {len(report['rows'])} views, "
        f"from {report['events']:,} events"
    )
