"""Plain sentences for what changed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_LABELS = {
    "ctr": "click-through rate",
    "embedding_auc": "embeddings, by a classifier",
    "embedding_mmd": "embeddings, by their clouds",
    "gate_image": "weight of the picture",
    "invalid_rows": "bad rows",
    "presence": "modalities",
    "lang": "language",
    "text_length": "text length",
    "attributes": "number of attributes",
    "image_pixels": "picture size",
}
_LOGARITHMS = ("price_", "text_length", "image_pixels")


def label(name: str) -> str:
    """A check's name as a person says it.

    Example:
        >>> label("price_USD")
        'price in USD'
    """
    if name.startswith("price_"):
        return f"price in {name.removeprefix('price_')}"
    if name.startswith("revenue_"):
        return f"revenue in {name.removeprefix('revenue_')}"
    return _LABELS.get(name, name.replace("_", " "))


def readable(number: float) -> str:
    """A number with as many digits as a person needs.

    Example:
        >>> readable(52741.9), readable(47.5), readable(3.1949)
        ('52,742', '47.5', '3.19')
    """
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def is_logarithm(name: str) -> bool:
    """Whether a column holds logarithms to base 10."""
    return name.startswith(_LOGARITHMS)


def numeric_change(name: str, before: "pd.Series[float]", after: "pd.Series[float]") -> str:
    """How the median moved, in the unit of the catalog."""
    old, new = float(before.median()), float(after.median())
    if is_logarithm(name):
        old, new = 10**old, 10**new
    if name == "text_length":
        old, new = old - 1, new - 1
    unit = {"text_length": " characters", "image_pixels": " pixels"}.get(name, "")
    return f"Median {label(name)}: {readable(old)}{unit} before, {readable(new)}{unit} now."


def categorical_change(name: str, before: "pd.Series[str]", after: "pd.Series[str]") -> str:
    """The value whose share moved most."""
    old, new = before.value_counts(normalize=True), after.value_counts(normalize=True)
    moved = new.sub(old, fill_value=0)
    most = str(moved.abs().idxmax())
    return (
        f"Largest move in {label(name)}: {most!r}, {old.get(most, 0.0):.1%} before, "
        f"{new.get(most, 0.0):.1%} now."
    )
