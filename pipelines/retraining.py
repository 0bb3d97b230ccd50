"""The retraining pipeline: from a catalog to a model that is live and watched."""

from kfp import dsl

from components.embed import embed
from components.evaluate import evaluate
from components.gate import gate
from components.index import index
from components.register import register
from components.split_and_pair import split_and_pair
from components.summarise import summarise
from components.train import train
from components.validate import validate


@dsl.pipeline(
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
        accepted = validate(catalog=catalog, run_id=run_id).outputs["accepted"]
        paired = split_and_pair(accepted=accepted, run_id=run_id).outputs["paired"]
        trained = train(paired=paired, preset=preset, overrides=overrides, run_id=run_id).outputs[
            "trained"
        ]
        evaluated = evaluate(paired=paired, trained=trained, run_id=run_id).outputs["evaluated"]
        model = register(paired=paired, trained=trained, evaluated=evaluated, run_id=run_id).output
        embedding = embed(paired=paired, trained=trained, run_id=run_id)
        embedded = embedding.after(registered).outputs["embedded"]
        generation = index(paired=paired, embedded=embedded, model_version=model, run_id=run_id)
        judged = gate(paired=paired, evaluated=evaluated, model_version=model, run_id=run_id).after(
            generation
        )
        _ = judged
