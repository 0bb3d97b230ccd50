"""Component: put model, generation and features live as one release."""

from components.base import component


@component
def deploy(
    model_version: str,
    generation: str,
    feature_service: str,
    run_id: str,
) -> str:
    """Return the release, which is live now.

    Args:
        model_version: The promoted model.
        generation: The verified generation of its vectors.
        feature_service: What search joins to its hits.
        run_id: Names the run's journal.
    """
    from serving.rollout import deploy_release
    from uniecs.loop import deploy
    from uniecs.settings import Settings

    spec = deploy.DeploySpec(
        run_id=run_id,
        model_version=model_version,
        generation=generation,
        feature_service=feature_service,
    )
    return str(deploy.run(spec, Settings(), deploy_release).report["release"])
