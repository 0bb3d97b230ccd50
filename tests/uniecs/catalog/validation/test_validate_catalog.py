"""The gate, the quarantine and the report, on catalogs with one defect each."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.uniecs.catalog.conftest import MakeCatalog
from uniecs.catalog.validation import ValidationConfig, ValidationReport, validate_catalog
from uniecs.catalog.validation.rows import REASONS
from uniecs.catalog.validation.rules import rules
from uniecs.errors import CatalogError

Jpeg = Callable[..., bytes]


@pytest.fixture
def goods(jpeg: Jpeg) -> Callable[..., tuple[list[dict[str, Any]], dict[str, bytes]]]:
    """Rows of a good catalog and their pictures."""

    def make(count: int = 40) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        rows = [
            {
                "product_id": f"p{number}",
                "title": f"mug {number}",
                "category": f"Home > {('Mugs', 'Pots')[number % 2]}",
                "price": 1.5 * number,
                "currency": "EUR",
                "attributes": json.dumps({"number": number}),
                "image_paths": [f"images/{number}.jpg"],
            }
            for number in range(count)
        ]
        return rows, {f"images/{number}.jpg": jpeg(number) for number in range(count)}

    return make


def check_of(report: ValidationReport, name: str) -> tuple[bool, float]:
    check = next(check for check in report.checks if check.name == name)
    return check.passed, round(check.value, 3)


def failed(report: ValidationReport) -> set[str]:
    return {check.name for check in report.failed}


def quarantine_of(report: Path) -> list[tuple[int, str | None, list[str]]]:
    lines = [json.loads(line) for line in (report / "quarantine.jsonl").read_text().splitlines()]
    return [(line["row"], line["product_id"], line["reasons"]) for line in lines]


def test_a_good_catalog_passes_and_its_report_keeps_the_contract(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    folder, report = make_catalog(*goods()), tmp_path / "report"

    outcome = validate_catalog(folder, report, progress=lambda *step: steps.append(step))

    assert outcome.passed
    written = json.loads((report / "validation.json").read_text())
    assert list(written) == ["passed", "rows", "accepted", "quarantined", "checks"]
    assert (written["rows"], written["accepted"], written["quarantined"]) == (40, 40, 0)
    assert all(list(c) == ["name", "passed", "value", "threshold"] for c in written["checks"])
    assert len({check["name"] for check in written["checks"]}) == len(written["checks"]) == 18
    assert quarantine_of(report) == []
    assert steps[-1] == (40, 40)
    assert (report / "data_docs" / "index.html").is_file()


def test_the_page_needs_nothing_but_itself(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    rows, pictures = goods()
    rows[3]["product_id"] = rows[4]["product_id"] = "<script>alert(1)</script>"
    validate_catalog(make_catalog(rows, pictures), tmp_path / "report")

    page = (tmp_path / "report" / "validation.html").read_text()

    assert not re.search(r"(src|href)=\"(?!data_docs/)|url\(|@import|https?:", page)
    assert "<script" not in page
    assert page.count("<svg") == 4
    assert "duplicate_id" in page
    assert "Home &gt; Mugs" in page


def test_every_kind_of_bad_row_is_set_aside_with_its_reason(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    rows, pictures = goods()
    rows[1]["price"] = -4
    rows[2]["attributes"] = "{broken"
    rows[5]["product_id"] = "p4"
    rows[6] |= {"product_id": None, "currency": "dollars"}
    rows[7] |= {"title": None, "image_paths": []}
    rows[8] |= {"title": "", "image_paths": ["images/none.jpg"]}
    lines = [*rows, '{"product_id": "café"}'.encode("latin-1"), b"{"]
    report = tmp_path / "report"

    outcome = validate_catalog(make_catalog(lines, pictures), report)

    assert quarantine_of(report) == [
        (1, "p1", ["negative_price"]),
        (2, "p2", ["invalid_attributes"]),
        (5, "p4", ["duplicate_id"]),
        (6, None, ["invalid_currency", "missing_id"]),
        (7, "p7", ["nothing_left"]),
        (8, "p8", ["nothing_left"]),
        (40, None, ["encoding"]),
        (41, None, ["unreadable_row"]),
    ]
    assert (outcome.rows, outcome.accepted, outcome.quarantined) == (42, 34, 8)
    assert failed(outcome) == {"duplicate_ids", "quarantined_rows"}
    assert check_of(outcome, "duplicate_ids") == (False, 0.051)


def test_the_first_good_row_of_an_id_is_kept(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    rows = [
        {"product_id": "1", "title": "bad", "price": -1},
        {"product_id": "1", "title": "good"},
        {"product_id": "1", "title": "late"},
    ]

    validate_catalog(make_catalog(rows), tmp_path / "report")

    assert [line[0] for line in quarantine_of(tmp_path / "report")] == [0, 2]


def test_thirty_percent_broken_pictures_fail_the_gate_and_cost_no_row(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    rows, pictures = goods()
    for number in range(12):
        pictures[f"images/{number}.jpg"] = (b"no picture", pictures["images/1.jpg"][:-9], b"")[
            number % 3
        ]

    outcome = validate_catalog(make_catalog(rows, pictures), tmp_path / "report")

    assert failed(outcome) == {"broken_pictures"}
    assert check_of(outcome, "broken_pictures") == (False, 0.3)
    assert check_of(outcome, "missing_pictures") == (True, 0.3)
    assert outcome.quarantined == 0
    page = (tmp_path / "report" / "validation.html").read_text()
    assert "<code>truncated</code>" in page
    assert "<code>format</code>" in page


def test_a_picture_of_400_million_pixels_is_one_broken_picture(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path, bomb: bytes
) -> None:
    rows, pictures = goods()
    pictures["images/3.jpg"] = bomb

    outcome = validate_catalog(make_catalog(rows, pictures), tmp_path / "report")

    assert outcome.passed
    assert check_of(outcome, "broken_pictures") == (True, 0.025)
    assert "too_many_pixels" in (tmp_path / "report" / "validation.html").read_text()


def test_an_empty_catalog_fails_the_gate(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    outcome = validate_catalog(make_catalog([]), tmp_path / "report")

    assert failed(outcome) == {"rows"}
    assert (outcome.rows, outcome.accepted, outcome.quarantined) == (0, 0, 0)


def test_thresholds_are_configurable(goods: Any, make_catalog: MakeCatalog, tmp_path: Path) -> None:
    rows, pictures = goods()
    for row in rows[:12]:
        row["image_paths"] = ["images/none.jpg"]
    folder = make_catalog(rows, pictures)

    lenient = ValidationConfig(broken_pictures=0.3)
    strict = ValidationConfig(broken_pictures=0.3, min_picture_side=50, small_pictures=0)

    assert validate_catalog(folder, tmp_path / "a", config=lenient).passed
    assert failed(validate_catalog(folder, tmp_path / "b", config=strict)) == {"small_pictures"}


def test_doubled_pictures_small_categories_and_bare_prices_are_counted(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    rows, pictures = goods(20)
    pictures["images/1.jpg"] = pictures["images/0.jpg"]
    rows[2]["category"] = "Garden"
    rows[3]["category"] = None
    rows[4]["currency"] = None

    outcome = validate_catalog(make_catalog(rows, pictures), tmp_path / "report")

    assert outcome.passed
    assert check_of(outcome, "duplicate_pictures") == (True, 0.1)
    assert check_of(outcome, "small_categories") == (True, 0.053)
    assert check_of(outcome, "missing_categories") == (True, 0.05)
    assert check_of(outcome, "missing_currencies") == (True, 0.05)


def test_queries_that_cannot_be_asked_are_counted(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    good = {"query_id": "q", "type": "t", "text": "mug", "image_path": "images/1.jpg"}
    queries = [good, good, {"query_id": "e", "type": "t"}, b"{", good | {"query_id": "f"}]
    queries.append({"query_id": "g", "type": "t", "image_path": "images/none.jpg"})

    outcome = validate_catalog(make_catalog(*goods(), queries), tmp_path / "report")

    assert check_of(outcome, "unusable_queries") == (False, 0.667)


def test_the_same_catalog_gives_the_same_report(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    folder = make_catalog(*goods())
    for name in ("a", "b"):
        validate_catalog(folder, tmp_path / name)

    for file in ("validation.json", "quarantine.jsonl", "validation.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_no_old_verdict_survives_a_run_that_stops(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    folder, report = make_catalog(*goods()), tmp_path / "report"
    validate_catalog(folder, report)
    (folder / "catalog.jsonl").write_text('{"id": 1}\n')

    with pytest.raises(CatalogError, match="no column product_id"):
        validate_catalog(folder, report)

    assert not (report / "validation.json").exists()


def test_a_report_that_cannot_be_written_is_one_error(
    goods: Any, make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    (tmp_path / "report").write_text("a file is in the way")

    with pytest.raises(CatalogError, match="check disk space and permissions"):
        validate_catalog(make_catalog(*goods()), tmp_path / "report")


def test_the_documentation_names_every_check_threshold_and_reason() -> None:
    page = (Path(__file__).parents[4] / "docs" / "validation.md").read_text()
    config = ValidationConfig()

    assert all(f"`{code}`" in page for code in REASONS)
    for rule in rules(config)[1:]:
        assert re.search(rf"\| `{rule.name}` \|.*\| {rule.threshold} \|", page), rule.name


def test_facts_stay_small_however_long_the_texts_are(
    make_catalog: MakeCatalog,
) -> None:
    from uniecs.catalog.validation.facts import collect_facts

    rows = [
        {"product_id": f"{n}", "title": f"{n}", "description": "x" * 50_000, "category": "c" * 9000}
        for n in range(300)
    ]

    facts = collect_facts(make_catalog(rows), on_rejected=lambda _: None)

    assert facts.products.memory_usage(deep=True).sum() < 300 * 200


@pytest.mark.parametrize("name", ["open_demo", "myntra_dev"])
@pytest.mark.slow
def test_real_catalogs_pass_the_gate(shared_data: Path, tmp_path: Path, name: str) -> None:
    folder, accepted = shared_data / name, tmp_path / "accepted"

    outcome = validate_catalog(folder, tmp_path / "report", accepted=accepted)

    assert outcome.passed
    assert outcome.quarantined == 0
    known = json.loads((folder / "image_duplicates.json").read_text())
    found = json.loads((accepted / "image_duplicates.json").read_text())
    assert sorted(map(sorted, found)) == sorted(map(sorted, known))
    for file in ("qrels.tsv", "queries.jsonl"):
        assert len((accepted / file).open().readlines()) == len((folder / file).open().readlines())


def test_the_demo_catalog_passes_the_gate(demo_catalog: Path, tmp_path: Path) -> None:
    outcome = validate_catalog(demo_catalog, tmp_path / "report")

    assert outcome.passed, outcome.failed
