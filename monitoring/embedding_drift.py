"""Drift of what the model sees: embeddings reduced to their main components, and modality gates."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from monitoring.calibration import noise_level
from monitoring.catalog_table import CatalogTable
from monitoring.config import MonitoringConfig
from monitoring.distances import mean_discrepancy
from monitoring.verdict import Check
from uniecs.catalog.images import resolve_image
from uniecs.catalog.items import Item
from uniecs.catalog.schema import Product
from uniecs.errors import ImageError
from uniecs.inference.items import Encoded

if TYPE_CHECKING:
    import pandas as pd
    from evidently.core.report import Snapshot

Encode = Callable[[Sequence[Item]], Encoded]
Floats = npt.NDArray[np.float64]

_GATE_FLOOR = 0.05  # a shift of the mean gate by 5 points is worth acting on


@dataclass(frozen=True)
class EmbeddingDrift:
    """Outcome of the embedding part; ``snapshot`` is None when nothing could be compared."""

    checks: list[Check]
    snapshot: "Snapshot | None"


def no_model(reason: str) -> EmbeddingDrift:
    """The outcome where no model can give embeddings: missing data, and so never healthy."""
    check = Check("embeddings", "embeddings", None, None, 0, "insufficient_data", reason)
    return EmbeddingDrift([check], None)


def compare_embeddings(
    reference: CatalogTable, current: CatalogTable, encode: Encode, config: MonitoringConfig
) -> EmbeddingDrift:
    """Encode a sample of both catalogs and compare what the model makes of them.

    Args:
        reference: What the model was trained or last judged on.
        current: What it serves now.
        encode: ``Encoder.encode`` of the model.
        config: Sample sizes and thresholds.
    """
    before = _embed(reference, encode, config)
    after = _embed(current, encode, config)
    few = min(len(before.vectors), len(after.vectors))
    if few < config.min_rows:
        return no_model(f"Only {few} products a side have a vector; {config.min_rows} are needed.")
    tables = _reduce(before, after, config)
    snapshot = _report(*tables, config)
    values = {item["config"]["type"]: item["value"] for item in snapshot.dict()["metrics"]}
    auc = next(float(value) for name, value in values.items() if name.endswith("ClassifierAuc"))
    mmd = next(float(value) for name, value in values.items() if name.endswith("EmbeddingMmd"))
    return EmbeddingDrift(
        [
            _auc_check(auc, len(before.vectors), len(after.vectors), config),
            _mmd_check(mmd, tables, (before.groups, after.groups), config),
            _gate_check(before.gates, after.gates, config),
        ],
        snapshot,
    )


@dataclass(frozen=True)
class _Side:
    """Embeddings of one catalog.

    Attributes:
        vectors: [N, D] unit rows.
        gates: [G] weight of the picture in products that have both modalities.
        groups: [N] group of each product.
    """

    vectors: npt.NDArray[np.float32]
    gates: Floats
    groups: list[str]


def _embed(table: CatalogTable, encode: Encode, config: MonitoringConfig) -> _Side:
    products = _one_of_each_group(table.products, config)
    encoded = encode([_item(table, product) for product in products])
    good = np.array([error is None for error in encoded.errors], dtype=bool)
    gates = encoded.gates[good]
    both = (gates > 0).all(axis=1)
    return _Side(
        vectors=encoded.vectors[good],
        gates=gates[both, 0].astype(np.float64),
        groups=[product.group for product, kept in zip(products, good, strict=True) if kept],
    )


def _one_of_each_group(products: Sequence[Product], config: MonitoringConfig) -> list[Product]:
    """A sample with one product a group, the same ones in every catalog that holds them.

    Variants embed nearly alike: a classifier would find one of them in its training half and seem
    to tell the sides apart where there is nothing but chance.
    """

    def lot(text: str) -> bytes:
        return hashlib.sha256(f"{config.seed}:{text}".encode()).digest()

    chosen: dict[str, Product] = {}
    for product in products:
        held = chosen.get(product.group)
        if held is None or lot(product.product_id) < lot(held.product_id):
            chosen[product.group] = product
    return sorted(chosen.values(), key=lambda product: lot(product.group))[: config.embedding_rows]


def _item(table: CatalogTable, product: Product) -> Item:
    path = None
    if product.image is not None:
        try:
            path = resolve_image(table.folder, product.image)
        except ImageError:
            path = None
    exists = path is not None and path.is_file()
    return Item(product.product_id, text=product.full_text, image=path if exists else None)


def _reduce(
    before: _Side, after: _Side, config: MonitoringConfig
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Both sides on the main components of their union.

    Components fitted to one side fit its chance too, and would make the other look different.
    """
    import pandas as pd
    from sklearn.decomposition import PCA

    from monitoring.embedding_metrics import PREFIX

    union = np.vstack([before.vectors, after.vectors])
    count = min(config.components, *union.shape)
    pca = PCA(n_components=count, random_state=config.seed).fit(union)

    names = [f"{PREFIX}{number}" for number in range(count)]
    reference, current = (
        pd.DataFrame(pca.transform(side.vectors).astype(np.float64), columns=names)
        for side in (before, after)
    )
    return reference, current


def _report(
    reference: "pd.DataFrame", current: "pd.DataFrame", config: MonitoringConfig
) -> "Snapshot":
    from evidently import DataDefinition, Dataset, Report

    from monitoring.embedding_metrics import EmbeddingClassifierAuc, EmbeddingMmd

    definition = DataDefinition(numerical_columns=list(reference.columns), categorical_columns=[])
    sides = [Dataset.from_pandas(t, data_definition=definition) for t in (reference, current)]
    metrics = [EmbeddingClassifierAuc(), EmbeddingMmd(rows=config.kernel_rows)]
    return Report(metrics).run(sides[1], sides[0])


def _auc_check(auc: float, before: int, after: int, config: MonitoringConfig) -> Check:
    # the classifier is judged on half of the rows; variance of AUC under no difference
    first, second = before / 2, after / 2
    error = ((first + second + 1) / (12 * first * second)) ** 0.5
    threshold = max(config.auc_floor, 0.5 + config.sigmas * error)
    return Check(
        name="embedding_auc",
        part="embeddings",
        value=auc,
        threshold=threshold,
        n=min(before, after),
        state="drifted" if auc > threshold else "healthy",
        sentence=(
            f"A classifier ranks a current product above a reference one in {auc:.0%} of pairs "
            "by the embedding alone (50% when nothing changed)."
        ),
    )


def _mmd_check(
    mmd: float,
    tables: "tuple[pd.DataFrame, pd.DataFrame]",
    groups: tuple[list[str], list[str]],
    config: MonitoringConfig,
) -> Check:
    import pandas as pd
    from sklearn.metrics import pairwise_distances, pairwise_kernels

    rows = config.kernel_rows
    reference, current = (table.head(rows).to_numpy() for table in tables)
    names = [name for side in groups for name in side[:rows]]
    width = float(np.median(pairwise_distances(reference, current)))  # as Evidently chooses it
    kernel = pairwise_kernels(
        np.vstack([reference, current]), metric="rbf", gamma=1 / max(width, 1e-9) ** 2
    )
    noise = noise_level(
        mean_discrepancy(kernel),
        np.asarray(pd.factorize(np.array(names))[0], dtype=np.int64),
        np.arange(len(names)) < len(reference),
        rounds=config.rounds,
        sigmas=config.sigmas,
        seed=config.seed,
    )
    threshold = max(config.mmd_floor, noise)
    return Check(
        name="embedding_mmd",
        part="embeddings",
        value=mmd,
        threshold=threshold,
        n=min(len(reference), len(current)),
        state="drifted" if mmd > threshold else "healthy",
        sentence=f"Distance of the two clouds of embeddings: {mmd:.4f} (0 when alike).",
    )


def _gate_check(before: Floats, after: Floats, config: MonitoringConfig) -> Check:
    few = min(len(before), len(after))
    if few < config.min_rows:
        sentence = f"Only {few} products a side have both a picture and a text."
        return Check(
            "gate_image", "embeddings", None, None, few, "insufficient_data", sentence,
            optional=True,  # a catalog without pictures has no gates to watch
        )  # fmt: skip
    shift = float(abs(after.mean() - before.mean()))
    error = float(np.hypot(before.std() / len(before) ** 0.5, after.std() / len(after) ** 0.5))
    threshold = max(_GATE_FLOOR, config.sigmas * error)
    return Check(
        name="gate_image",
        part="embeddings",
        value=shift,
        threshold=threshold,
        n=few,
        state="drifted" if shift > threshold else "healthy",
        sentence=(
            f"Weight of the picture in products with both: {before.mean():.0%} before, "
            f"{after.mean():.0%} now."
        ),
    )
