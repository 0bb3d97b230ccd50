"""From the pipeline function to the YAML that an engine runs."""

from pathlib import Path


def compile_retraining(package: Path) -> Path:
    """Compile the retraining pipeline.

    Args:
        package: Where to write the YAML.

    Returns:
        ``package``.
    """
    from kfp import compiler

    from pipelines.retraining import retraining

    package.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(retraining, str(package))
    return package
