"""Let simulated shoppers search with the new model, so that the loop turns without real ones."""

from pathlib import Path
from typing import Any

from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings
from uniecs.steps import StepOutput


class SimulateSpec(LoopSpec):
    """Who searches what.

    Attributes:
        embedded: What the model said of every product.
        sessions: Queries that are asked; 0 where real events come in.
        generation: The generation that will answer once it is deployed.
    """

    paired: Path
    trained: Path
    embedded: Path
    model_version: str
    generation: str
    sessions: int


@loop_step("simulate_events")
def run(spec: SimulateSpec, settings: Settings) -> Step:
    """Append the events of simulated sessions; the output holds them as ``events.jsonl``.

    The answers are those of exact hybrid search in this process, because the new generation is not
    live yet; every event is marked as simulated and names the release that is about to be.
    """
    return Step(
        inputs={
            "catalog": published_digest(spec.paired, "catalog"),
            "model": published_digest(spec.trained, "model"),
            "embedded": published_digest(spec.embedded, "vectors"),
            "generation": spec.generation,
        },
        config={"sessions": spec.sessions},
        code=[
            "uniecs.catalog",
            "uniecs.encoder",
            "uniecs.inference",
            "uniecs.evaluation.metrics",
            "uniecs.evaluation.ranking",
            "uniecs.evaluation.remembering",
            "uniecs.index.filter_tree",
            "uniecs.index.lexical",
            "uniecs.index.look",
            "uniecs.index.shards",
            "uniecs.search",
            "uniecs.experiments",
            "uniecs.releases.release",
            "uniecs.simulation",
        ],
        work=lambda folder: _work(spec, folder, settings),
        headline=_headline,
        still_valid=lambda output: _still_stored(output, settings),
    )


def _work(spec: SimulateSpec, folder: Path, settings: Settings) -> dict[str, Any]:
    from uniecs.catalog.reading import Catalog
    from uniecs.experiments.event_store import EventStore
    from uniecs.experiments.feast_store import SERVICE
    from uniecs.inference.encoder import Encoder
    from uniecs.releases.release import release_id_of
    from uniecs.search.embedded import with_embeddings
    from uniecs.search.hybrid import catalog_rankers
    from uniecs.simulation.config import SimulationConfig
    from uniecs.simulation.shoppers import simulate

    release = release_id_of(spec.model_version, spec.generation, SERVICE)
    events = []
    if spec.sessions:
        catalog = Catalog(spec.paired / "catalog")
        model = Encoder.load(spec.trained / "model")
        encoder, looks = with_embeddings(model, catalog, spec.embedded / "vectors")
        ranker = catalog_rankers(encoder, catalog, looks)["hybrid"]
        config = SimulationConfig(sessions=spec.sessions, release=release)
        events = simulate(catalog, ranker, config)
    with (folder / "events.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(f"{event.model_dump_json()}\n" for event in events)
    EventStore(settings).append(events)
    clicks = sum(event.type == "click" for event in events)
    orders = sum(event.type == "purchase" for event in events)
    last = events[-1].event_id if events else None
    return {"events": len(events), "clicks": clicks, "orders": orders, "last_event": last}


def _still_stored(output: StepOutput, settings: Settings) -> bool:
    from sqlalchemy import inspect, select

    from uniecs.database import open_database
    from uniecs.experiments.event_store import events_table

    last = output.report["last_event"]
    if last is None:
        return True
    engine = open_database(settings)
    query = select(events_table.c.event_id).where(events_table.c.event_id == last)
    with engine.connect() as connection:
        stored = inspect(connection).has_table(events_table.name)
        return stored and connection.execute(query).first() is not None


def _headline(report: Report) -> str:
    if not report["events"]:
        return "no simulated sessions asked for"
    return (
        f"{report['events']:,} simulated events: {report['clicks']:,} clicks, "
        f"{report['orders']:,} orders"
    )
