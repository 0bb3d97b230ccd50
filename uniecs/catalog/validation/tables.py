"""Typed tables of facts, packed as they grow so that a row costs a few dozen bytes."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_PACK_AT = 4096


class FactTable:
    """Lines of facts that become one data frame.

    Args:
        types: Column -> pandas type. ``label`` is a text of few different values, kept as a number.
    """

    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = dict(types)
        self._labels: dict[str, dict[str, int]] = {
            name: {} for name, kind in types.items() if kind == "label"
        }
        self._packed: list[pd.DataFrame] = []
        self._loose: list[tuple[Any, ...]] = []

    def add(self, line: Mapping[str, Any]) -> None:
        """Append one line; every column must be there."""
        self._loose.append(tuple(self._plain(name, line[name]) for name in self._types))
        if len(self._loose) == _PACK_AT:
            self._pack()

    def frame(self) -> "pd.DataFrame":
        """All lines so far."""
        import pandas as pd

        self._pack()
        frame = pd.concat(self._packed, ignore_index=True)
        for name, labels in self._labels.items():
            codes = frame[name].to_numpy()
            frame[name] = pd.Categorical.from_codes(codes, pd.Index(list(labels), dtype="object"))
        return frame

    def _plain(self, name: str, value: Any) -> Any:
        labels = self._labels.get(name)
        if labels is None:
            return value
        return -1 if value is None else labels.setdefault(value, len(labels))

    def _pack(self) -> None:
        import pandas as pd

        columns = zip(*self._loose, strict=True) if self._loose else ((),) * len(self._types)
        self._packed.append(
            pd.DataFrame(
                {
                    name: pd.Series(list(cells), dtype="int32" if kind == "label" else kind)
                    for (name, kind), cells in zip(self._types.items(), columns, strict=True)
                }
            )
        )
        self._loose = []


def with_category_rows(products: "pd.DataFrame") -> "pd.DataFrame":
    """The table of products with one more column: how many rows share the row's category."""
    sizes = dict(Counter(products["category"].dropna()))
    rows = products["category"].astype("object").map(sizes)
    return products.assign(category_rows=rows.astype("Int64"))
