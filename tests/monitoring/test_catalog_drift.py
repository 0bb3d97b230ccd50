"""Catalog drift: quiet on the same distribution, loud on another."""

import dataclasses
import json
from pathlib import Path

import pytest
from PIL import Image

from monitoring.catalog_drift import compare_catalogs
from monitoring.catalog_table import read_catalog_table
from monitoring.config import MonitoringConfig
from uniecs.errors import CatalogError

from .shelves import shelf

CONFIG = MonitoringConfig(rounds=100)


def alarms(reference: object, current: object) -> set[str]:
    checks = compare_catalogs(reference, current, CONFIG).checks
    assert "insufficient_data" not in {check.state for check in checks}
    return {check.name for check in checks if check.state == "drifted"}


def test_draws_of_one_distribution_raise_hardly_any_alarm() -> None:
    reports = [alarms(shelf(seed), shelf(seed + 100)) for seed in range(12)]

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
    kept = (whole.facts["department"] != "Department 1").to_numpy()
    rest = dataclasses.replace(
        whole,
        facts=whole.facts[kept].reset_index(drop=True),
        products=[product for product, keep in zip(whole.products, kept, strict=True) if keep],
    )

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


def test_a_missing_folder_is_an_error_not_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such catalog folder"):
        read_catalog_table(tmp_path / "absent", max_rows=100, seed=0)
