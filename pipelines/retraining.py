"""The retraining pipeline: from a catalog to a model that is live and watched."""

from kfp import dsl

from components.deploy import deploy
from components.embed import embed
from components.evaluate import evaluate
from components.examples import examples
from components.gate import gate
from components.index import index
from components.materialize import materialize
from components.monitor import monitor
from components.promote import promote
from components.register import register
from components.simulate_events import simulate_events
from components.split_and_pair import split_and_pair
from components.summarise import summarise
from components.train import train
from components.validate import validate


@dsl.pipeline(  # type: ignore[untyped-decorator]  # kfp has no types
    name="retraining",
    description="Validate a catalog, train and judge an encoder, and deploy it if a gate agrees.",
)
def retraining(
    catalog: str,
    run_id: str,
    preset: str = "small",
    overrides: list = [],  # type: ignore[type-arg]  # noqa: B006 - KFP reads the default
    sessions: int = 300,
) -> None:
    """Read top to bottom, this is the DAG.

    Args:
        catalog: Path of the catalog folder.
        run_id: Names the run's journal and summary.
        preset: Preset of the encoder.
        overrides: ``section.key=value`` settings over the preset.
        sessions: Simulated shopping sessions; 0 where real events come in.
    """
    with dsl.ExitHandler(summarise(run_id=run_id), name="loop"):
        validated = validate(catalog=catalog, run_id=run_id)
        accepted = validated.outputs["accepted"]

        split = split_and_pair(accepted=accepted, run_id=run_id)
        paired = split.outputs["paired"]

        training = train(paired=paired, preset=preset, overrides=overrides, run_id=run_id)
        trained = training.outputs["trained"]

        embedding = embed(paired=paired, trained=trained, run_id=run_id)
        embedded = embedding.outputs["embedded"]

        evaluation = evaluate(paired=paired, trained=trained, embedded=embedded, run_id=run_id)
        evaluated = evaluation.outputs["evaluated"]

        model = register(paired=paired, trained=trained, evaluated=evaluated, run_id=run_id)

        generation = index(
            paired=paired, embedded=embedded, model_version=model.output, run_id=run_id
        )
        events = simulate_events(
            paired=paired,
            trained=trained,
            embedded=embedded,
            model_version=model.output,
            generation=generation.output,
            sessions=sessions,
            run_id=run_id,
        )
        features = materialize(paired=paired, run_id=run_id).after(events)

        judgement = gate(
            paired=paired, evaluated=evaluated, model_version=model.output, run_id=run_id
        ).after(features)
        with dsl.If(judgement.outputs["Output"] == "promote", name="the gate agrees"):
            promoted = promote(
                judged=judgement.outputs["judged"], model_version=model.output, run_id=run_id
            )
            release = deploy(
                model_version=promoted.output,
                generation=generation.output,
                feature_service=features.output,
                run_id=run_id,
            )
            examples(paired=paired, release=release.output, run_id=run_id)
            monitor(paired=paired, release=release.output, run_id=run_id)
