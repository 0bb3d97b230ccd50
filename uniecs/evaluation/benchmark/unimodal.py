"""What a classifier with one modality alone can tell on the balanced subset: it must be nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from uniecs.evaluation.baseline import appearance

FOLDS = 5
FEWEST_COUPLES = 10
PARTS = 24
"""Numbers that each modality is reduced to before the two are multiplied."""

Rows = Sequence[dict[str, Any]]


class Accuracies(BaseModel):
    """Share of rows that a simple classifier gets right; couples never part over the folds.

    Attributes:
        image: By the picture alone: colours and light. Chance is .5.
        text: By the title alone: TF-IDF. Chance is .5.
        both: By products of the two; above .5 shows that the rows can be told apart at all.
        rows: Rows behind the figures.
    """

    model_config = ConfigDict(frozen=True)

    image: float
    text: float
    both: float
    rows: int


def measure_accuracies(rows: Rows, folder: Path) -> Accuracies | None:
    """Cross-validated accuracies on rows of ``balanced.parquet``; None for too few couples.

    Args:
        rows: Rows with couple, match, image and text.
        folder: Folder that ``image`` is relative to.
    """
    from threadpoolctl import threadpool_limits

    couples = np.array([row["couple"] for row in rows])
    if len(set(couples.tolist())) < FEWEST_COUPLES:
        return None
    labels = np.array([row["match"] for row in rows], dtype=bool)
    texts = np.array([row["text"] for row in rows], dtype=object)
    names = sorted({row["image"] for row in rows})
    looks = dict(zip(names, (appearance(folder / name) for name in names), strict=True))
    pictures = np.stack([looks[row["image"]] for row in rows]).astype(np.float64)
    with threadpool_limits(1):  # one thread: faster on so few rows, and the same on any machine
        right = _cross_validate(pictures, texts, labels, couples)
    return Accuracies(
        **{name: round(float(np.mean(hits)), 3) for name, hits in right.items()}, rows=len(rows)
    )


def _cross_validate(
    pictures: npt.NDArray[np.float64],
    texts: npt.NDArray[np.object_],
    labels: npt.NDArray[np.bool_],
    couples: npt.NDArray[np.int64],
) -> dict[str, list[float]]:
    """For each modality and both, whether each row was labelled right."""
    from sklearn.model_selection import GroupKFold

    right: dict[str, list[float]] = {"image": [], "text": [], "both": []}
    for train, test in GroupKFold(FOLDS).split(texts, labels, couples):
        image, text = _features(pictures, texts, train)
        for name, features in (
            ("image", image), ("text", text), ("both", _products(image, text, train)),
        ):  # fmt: skip
            right[name] += _hits(features, labels, train, test)
    return right


def _features(
    pictures: npt.NDArray[np.float64], texts: npt.NDArray[np.object_], train: npt.NDArray[np.int64]
) -> tuple[Any, Any]:
    """Features of all rows, whose vocabulary and scale come from the training rows."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import StandardScaler

    words = TfidfVectorizer(tokenizer=str.split, token_pattern=None).fit(texts[train])
    scale = StandardScaler().fit(pictures[train])
    return scale.transform(pictures), words.transform(texts)


def _products(image: Any, text: Any, train: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """[N, PARTS * PARTS] products of the leading parts of both modalities."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import StandardScaler

    reduced = []
    for features in (image, text):
        parts = min(PARTS, features.shape[1] - 1)
        svd = TruncatedSVD(parts, random_state=0).fit(features[train])
        reduced.append(StandardScaler().fit_transform(svd.transform(features)))
    products: npt.NDArray[np.float64] = np.einsum("ni,nj->nij", *reduced)
    return products.reshape(len(products), -1)


def _hits(
    features: Any,
    labels: npt.NDArray[np.bool_],
    train: npt.NDArray[np.int64],
    test: npt.NDArray[np.int64],
) -> list[float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=0.1, max_iter=1000).fit(features[train], labels[train])
    return [float(hit) for hit in model.predict(features[test]) == labels[test]]
