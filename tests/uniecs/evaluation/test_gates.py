import json

import numpy as np
import pandas as pd
import pytest

from uniecs.catalog.presence import TASKS, task_name
from uniecs.errors import DataError
from uniecs.evaluation.gates import GateConfig, offline_gate
from uniecs.evaluation.metrics import METRICS
from uniecs.evaluation.report import PAGE, PER_QUERY, REPORT, report_digest, write_digests

NAMES = [task_name(*task) for task in TASKS]


def write_report(folder, hits, *, model="m-new", digest="c1", pool=500, queries=None):
    """A report folder in which task T has hits[T], or hits['all'], right answers per query."""
    folder.mkdir()
    frames, tasks = [], {}
    for name in NAMES:
        values = np.asarray(hits.get(name, hits["all"]), dtype=float)
        ids = [f"q{n}" for n in range(len(values))] if queries is None else queries
        columns = {"task": name, "query_id": ids, "product_id": ids}
        frames.append(pd.DataFrame(columns | dict.fromkeys(METRICS, values)))
        mean = float(values.mean()) if len(values) else 0.0
        scores = dict.fromkeys(METRICS, mean) | {"ci95": {}, "queries": len(values), "pool": pool}
        tasks[name] = scores | {"chance": 10 / pool, "unusable": 0}
    macro = dict.fromkeys(METRICS, 0.5) | {"ci95": {}}
    report = {
        "model_version": model, "catalog_digest": digest, "split": "test", "pool": "split",
        "tasks": tasks, "macro": macro, "pairs": {}, "sanity": {}, "gates": {}, "bootstrap": {},
    }  # fmt: skip
    (folder / REPORT).write_text(json.dumps(report))
    pd.concat(frames).to_parquet(folder / PER_QUERY)
    (folder / PAGE).write_text("")
    write_digests(folder)
    return folder


def hits(share, number=400):
    values = np.zeros(number)
    values[: round(share * number)] = 1
    return values


@pytest.fixture
def production(tmp_path):
    return write_report(tmp_path / "production", {"all": hits(0.6)}, model="m-old")


def checks(report):
    return {check.name: check for check in report.checks}


def test_a_model_as_good_as_production_passes(tmp_path, production):
    new = write_report(tmp_path / "new", {"all": hits(0.6)})

    report = offline_gate(new, production)

    assert report.passed
    assert (report.model_version, report.production_version) == ("m-new", "m-old")
    assert report.candidate_digest == report_digest(new)
    assert report.production_digest == report_digest(production)
    assert checks(report)["macro"].interval == (0.0, 0.0)
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_a_model_that_is_worse_in_the_mean_is_refused_with_the_interval(tmp_path, production):
    report = offline_gate(write_report(tmp_path / "new", {"all": hits(0.5)}), production)

    macro = checks(report)["macro"]
    assert not report.passed
    assert macro.value == pytest.approx(-0.1)
    assert macro.interval[1] < 0
    assert any("macro R@10 against production: -10.0 points" in reason for reason in report.reasons)


def test_a_loss_that_chance_explains_is_no_reason_to_refuse(tmp_path, production):
    shuffled = np.random.default_rng(0).permutation(hits(0.59))

    report = offline_gate(write_report(tmp_path / "new", {"all": shuffled}), production)

    assert checks(report)["macro"].value < 0
    assert report.passed


def test_one_task_that_lost_more_than_two_points_refuses_a_model_that_won_on_average(
    tmp_path, production
):
    new = write_report(tmp_path / "new", {"all": hits(0.7), "T->I": hits(0.5)})

    report = offline_gate(new, production)

    assert not report.passed
    assert checks(report)["macro"].status == "passed"
    assert [name for name, check in checks(report).items() if check.status == "failed"] == ["T->I"]


def test_a_loss_within_the_tolerance_of_two_points_passes_the_task(tmp_path, production):
    new = write_report(tmp_path / "new", {"all": hits(0.7), "T->I": hits(0.59)})

    assert offline_gate(new, production).passed


def test_too_few_queries_make_a_task_insufficient_and_it_does_not_count(tmp_path):
    few = {"all": hits(0.6), "T->I": hits(0.9, 99)}
    old = write_report(tmp_path / "old", few)
    new = write_report(tmp_path / "new", few | {"T->I": hits(0.0, 99)})

    report = offline_gate(new, old)

    assert report.passed
    assert checks(report)["T->I"].status == "insufficient_data"
    assert "insufficient_data: T->I" in report.reasons[-1]
    assert checks(report)["macro"].value == 0


@pytest.mark.parametrize("with_production", [True, False])
def test_a_gate_without_a_judgeable_task_refuses(tmp_path, with_production):
    old = write_report(tmp_path / "old", {"all": hits(0.5, 99)})
    new = write_report(tmp_path / "new", {"all": hits(0.9, 99)})

    report = offline_gate(new, old if with_production else None)

    assert not report.passed
    assert "No task has 100 queries or more" in report.reasons[0]


def test_the_first_model_passes_when_it_is_well_above_chance_and_says_so(tmp_path):
    report = offline_gate(write_report(tmp_path / "new", {"all": hits(0.3)}), None)

    assert report.passed
    assert report.production_version is None
    assert "No production version to compare with" in report.reasons[0]
    assert checks(report)["above chance"].threshold == pytest.approx(2 * 10 / 500)


def test_a_first_model_at_the_level_of_chance_is_refused(tmp_path):
    report = offline_gate(write_report(tmp_path / "new", {"all": hits(0.03)}), None)

    assert not report.passed
    assert "below 0.040" in report.reasons[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"digest": "c2"}, "catalog_digest is c1 here and c2 in production's"),
        ({"pool": 900}, "the pools differ in size"),
        ({"queries": [f"other{n}" for n in range(400)]}, "queries are in one report only"),
    ],
)
def test_reports_of_different_evaluations_are_not_compared(tmp_path, change, words):
    old = write_report(tmp_path / "old", {"all": hits(0.6)}, **change)
    new = write_report(tmp_path / "new", {"all": hits(0.9)})

    report = offline_gate(new, old)

    assert not report.passed
    assert words in report.reasons[0]


def test_a_report_that_was_altered_is_not_trusted(tmp_path, production):
    new = write_report(tmp_path / "new", {"all": hits(0.9)})
    (new / REPORT).write_text((new / REPORT).read_text().replace("m-new", "m-bad"))

    report = offline_gate(new, production)

    assert not report.passed
    assert "report.json altered after the evaluation" in report.reasons[0]


def test_values_per_query_that_were_altered_are_not_trusted(tmp_path, production):
    new = write_report(tmp_path / "new", {"all": hits(0.9)})
    pd.read_parquet(new / PER_QUERY).head(100).to_parquet(new / PER_QUERY)

    assert "per_query.parquet altered" in offline_gate(new, production).reasons[0]


def test_a_report_that_is_not_the_registered_one_is_not_trusted(tmp_path, production):
    new = write_report(tmp_path / "new", {"all": hits(0.9)})

    refused = offline_gate(new, production, candidate_digest="0" * 64)
    passed = offline_gate(
        new,
        production,
        candidate_digest=report_digest(new),
        production_digest=report_digest(production),
    )

    assert not refused.passed
    assert "which the registry recorded" in refused.reasons[0]
    assert passed.passed


def test_thresholds_come_from_the_config(tmp_path, production):
    new = write_report(tmp_path / "new", {"all": hits(0.7), "T->I": hits(0.5)})

    assert offline_gate(new, production, config=GateConfig(tolerance=0.2)).passed


def test_a_missing_report_is_named(tmp_path):
    with pytest.raises(DataError, match="no evaluation report"):
        offline_gate(tmp_path, None)
