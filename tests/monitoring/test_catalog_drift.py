"""Catalog drift: quiet on the same distribution, loud on another."""

import dataclasses
import json
from math import log10
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from monitoring.catalog_drift import compare_catalogs
from monitoring.catalog_table import CatalogTable, read_catalog_table
from monitoring.config import MonitoringConfig
from uniecs.errors import CatalogError

from .shelves import shelf

CONFIG = MonitoringConfig(rounds=100)


def alarms(reference: CatalogTable, current: CatalogTable) -> set[str]:
    checks = compare_catalogs(reference, current, CONFIG).checks
    assert "insufficient_data" not in {check.state for check in checks}
    return {check.name for check in checks if check.state == "drifted"}


def test_draws_of_one_distribution_raise_hardly_any_alarm() -> None:
    reports = [alarms(shelf(seed), shelf(seed + 100)) for seed in range(8)]

    assert sum(bool(names) for names in reports) <= 1, reports


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"price": 1.5}, "price_USD"), ({"pictures": 0.9}, "presence"), ({"mix": 0.5}, "category")],
)
def test_a_shift_is_found_on_new_products_and_on_the_same_ones(
    change: dict[str, float], expected: str
) -> None:
    assert expected in alarms(shelf(1, 1500), shelf(2, 1500, **change))
    assert expected in alarms(shelf(1, 1500), shelf(1, 1500, **change))


def test_a_removed_category_is_found() -> None:
    whole = shelf(1, 1500)
    rest = part(whole, (whole.facts["department"] != "Department 1").to_numpy())

    assert {"department", "category"} <= alarms(whole, rest)


def test_more_bad_rows_than_before_are_drift() -> None:
    worse = dataclasses.replace(shelf(2), rows=500, invalid=100)

    assert "invalid_rows" in alarms(shelf(1), worse)


def test_too_few_products_are_insufficient_data_with_the_number() -> None:
    result = compare_catalogs(shelf(1), shelf(2, 60), CONFIG)

    (check,) = result.checks
    assert (check.state, check.n, check.value) == ("insufficient_data", 60, None)
    assert result.snapshot is None


def test_a_raw_catalog_is_read_past_its_bad_rows(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_text("no picture")
    rows = [
        {"product_id": "1", "title": "a", "price": 100, "currency": "eur",
         "image_paths": ["good.png"]},
        {"product_id": "2", "title": "b", "price": -5},
        {"product_id": "3", "title": "c", "image_paths": ["bad.png"]},
        {"product_id": "4", "image_paths": ["../good.png"]},
    ]  # fmt: skip
    (tmp_path / "catalog.jsonl").write_text("\n".join(json.dumps(row) for row in rows))

    table = read_catalog_table(tmp_path, max_rows=100, seed=0)

    assert (table.rows, table.invalid) == (4, 1)
    assert table.facts["presence"].tolist() == ["IT", "T", "(none)"]
    assert table.facts["price_EUR"].tolist()[0] == 2.0
    assert table.facts["image_pixels"].tolist()[0] == pytest.approx(3.079, abs=1e-3)


def test_a_random_withdrawal_is_no_drift() -> None:
    whole = shelf(1, 1500)
    kept = np.random.default_rng(0).random(len(whole.products)) < 0.7

    assert alarms(whole, part(whole, kept)) == set()


def test_a_missing_folder_is_an_error_not_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such catalog folder"):
        read_catalog_table(tmp_path / "absent", max_rows=100, seed=0)


@pytest.mark.parametrize("unit", ["product", "group"])
def test_halves_of_real_shops_are_healthy_and_dearer_ones_are_not(
    shared_data: Path, unit: str
) -> None:
    whole = read_catalog_table(shared_data / "open_demo", max_rows=5000, seed=0)
    keys = whole.facts["group"] if unit == "group" else whole.facts.index.astype(str).to_series()
    names = keys.unique()
    chosen = np.random.default_rng(3).permutation(names)[: len(names) // 2]
    first = keys.isin(chosen).to_numpy()
    half, other = part(whole, first), part(whole, ~first)
    dearer = other.facts.assign(price_USD=other.facts["price_USD"] + log10(1.5))

    assert alarms(half, other) == set()
    assert "price_USD" in alarms(half, dataclasses.replace(other, facts=dearer))


def part(table: CatalogTable, mask: npt.NDArray[np.bool_]) -> CatalogTable:
    rows = [product for product, keep in zip(table.products, mask, strict=True) if keep]
    facts = table.facts[mask].reset_index(drop=True)
    return CatalogTable(table.folder, rows, facts, len(rows), 0)
