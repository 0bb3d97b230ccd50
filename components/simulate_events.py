"""Component: let simulated shoppers search, where no real events come in."""

from kfp import dsl

from components.base import component


@component
def simulate_events(
    paired: dsl.Input[dsl.Dataset],
    trained: dsl.Input[dsl.Model],
    embedded: dsl.Input[dsl.Dataset],
    model_version: str,
    generation: str,
    sessions: int,
    run_id: str,
    simulated: dsl.Output[dsl.Dataset],
) -> None:
    """Publish the events, which are also in the event store by then.

    Args:
        paired: The catalog with its split.
        trained: The trained model.
        embedded: What it said of every product.
        model_version: Its registered version.
        generation: The generation that will answer once it is deployed.
        sessions: Queries that are asked; 0 for none.
        run_id: Names the run's journal.
        simulated: Folder with ``events.jsonl``.
    """
    from pathlib import Path

    from uniecs.loop import simulate_events
    from uniecs.settings import Settings

    spec = simulate_events.SimulateSpec(
        run_id=run_id,
        paired=Path(paired.path),
        trained=Path(trained.path),
        embedded=Path(embedded.path),
        model_version=model_version,
        generation=generation,
        sessions=sessions,
    )
    simulate_events.run(spec, Settings()).publish(Path(simulated.path))
