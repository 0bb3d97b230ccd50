"""A registered model version, and what its report and folder must hold to become one."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uniecs.errors import RegistryError
from uniecs.registry.stages import Stage

REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One model, its evidence and its stage.

    Attributes:
        version: Content id of the model folder; the one name of a model everywhere.
        number: MLflow's number of the version.
        metrics: Macro averages over the nine tasks, fractions in 0..1.
        catalog_digest: Digest of the catalog that the report was made on.
        processor_digest: Digest of the model's processor.
        folder: The registry's own copy of the model folder.
        report: The registry's own copy of the evaluation report's folder.
        report_digest: sha256 of the report's ``report.json``.
        lineage: What the caller of ``register`` said about the model's origin.
        created: When it was registered, ISO 8601 in UTC.
    """

    version: str
    number: int
    stage: Stage
    metrics: Mapping[str, float]
    catalog_digest: str
    processor_digest: str
    folder: Path
    report: Path
    report_digest: str
    lineage: Mapping[str, Any]
    created: str

    @property
    def config(self) -> dict[str, Any]:
        """The model's resolved configuration, as saved in its folder."""
        loaded: dict[str, Any] = json.loads((self.folder / "config.json").read_bytes())
        return loaded


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What registration takes from an evaluation report."""

    digest: str
    model_version: str
    catalog_digest: str
    metrics: dict[str, float]


def report_digest(folder: Path) -> str:
    """sha256 of ``report.json`` in a report folder.

    Raises:
        RegistryError: When the folder has no report.
    """
    path = folder / REPORT
    if not path.is_file():
        raise RegistryError(
            f"{folder} has no {REPORT}; make one with `uniecs evaluate MODEL CATALOG --report DIR`."
        )
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_report(folder: Path) -> ReportFacts:
    """Read what registration needs from an evaluation report.

    Raises:
        RegistryError: When there is no report, or it is not one of ``uniecs evaluate``.
    """
    digest = report_digest(folder)
    try:
        content = json.loads((folder / REPORT).read_bytes())
        metrics = {
            name: float(value)
            for name, value in content["macro"].items()
            if isinstance(value, int | float)
        }
        return ReportFacts(
            digest=digest,
            model_version=str(content["model_version"]),
            catalog_digest=str(content["catalog_digest"]),
            metrics=metrics,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryError(
            f"{folder / REPORT} is not an evaluation report ({error!r}); "
            "make one with `uniecs evaluate MODEL CATALOG --report DIR`."
        ) from error


def resolve(ref: str | int, known: Sequence[tuple[str, int]]) -> str:
    """The version that ``ref`` means: an id, the unique beginning of one, or a number.

    Args:
        ref: What a person wrote.
        known: ``(version, number)`` of all registered versions.

    Raises:
        RegistryError: When none or more than one fits.
    """
    text = str(ref)
    if text.isdecimal():
        found = [version for version, number in known if number == int(text)]
    else:
        found = [version for version, _ in known if version == text] or [
            version for version, _ in known if text and version.startswith(text)
        ]
    if len(found) == 1:
        return found[0]
    if found:
        raise RegistryError(
            f"{text!r} fits {len(found)} versions: {', '.join(found)}. Write more of the id."
        )
    names = ", ".join(version for version, _ in known) or "none yet"
    raise RegistryError(
        f"There is no model version {text!r}. Registered: {names}. `uniecs models` lists them."
    )
