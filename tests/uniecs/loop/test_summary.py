import pytest
from rich.console import Console

from uniecs.errors import StepError
from uniecs.loop import summarise
from uniecs.loop.journal import Entry, Journal
from uniecs.loop.summary import read_summary
from uniecs.loop.summary_text import print_summary

VALIDATION = {"passed": True, "rows": 1200, "accepted": 1143, "quarantined": 57, "checks": []}
METRICS = {"R@1": 0.3, "R@5": 0.5, "R@10": 0.61, "MRR@10": 0.4, "nDCG@10": 0.45, "mAP@10": 0.4}
EVALUATION = {
    "tasks": {"T->I": {**METRICS, "queries": 110, "pool": 120},
              "IT->IT": {**METRICS, "queries": 0, "pool": 0}},
    "macro": METRICS,
    "queries": {
        "composed": {
            "encoder": {"nDCG@10": 0.41, "hit@1": 0.3, "queries": 40},
            "hybrid": {"nDCG@10": 0.52, "hit@1": 0.4, "queries": 40},
        }
    },
}  # fmt: skip


def tell(settings, *entries: Entry, engine_state: str = "SUCCEEDED"):
    journal = Journal(settings, "r1")
    for position, entry in enumerate(entries):
        journal.write(entry.model_copy(update={"started": float(position)}))
    spec = summarise.SummariseSpec(run_id="r1", engine_state=engine_state)
    return read_summary(summarise.run(spec, settings))


def done(step: str, report: dict | None = None) -> Entry:
    return Entry(step=step, state="done", started=0, report=report or {}, headline=f"{step} <ok>")


def test_a_run_through_its_gate_is_promoted(settings):
    summary = tell(
        settings,
        done("validate", VALIDATION),
        done("evaluate", EVALUATION),
        done("gate", {"passed": True}),
        done("deploy"),
    )

    assert (summary.outcome, summary.message) == ("promoted", "")
    assert summary.tasks["T->I"]["R@10"] == 0.61
    assert [line.step for line in summary.steps] == ["validate", "evaluate", "gate", "deploy"]


def test_a_gate_that_says_no_is_a_refusal_with_its_reason(settings):
    refused = done("gate", {"passed": False})
    refused.headline = "refuse: macro R@10 fell"

    summary = tell(settings, done("validate", VALIDATION), refused)

    assert (summary.outcome, summary.message) == ("refused", "gate: refuse: macro R@10 fell")


def test_a_refused_catalog_ends_the_run_with_its_reason(settings):
    summary = tell(
        settings, Entry(step="validate", state="refused", started=0, headline="too many bad rows")
    )

    assert (summary.outcome, summary.message) == ("refused", "validate: too many bad rows")


def test_a_killed_step_is_a_failure_that_says_how_to_go_on(settings):
    summary = tell(settings, done("validate"), Entry(step="train", started=1))

    assert summary.outcome == "failed"
    assert "run again" in summary.message


@pytest.mark.parametrize("engine_state", ["FAILED", "CANCELLED"])
def test_the_engine_has_the_last_word_on_success(settings, engine_state):
    summary = tell(settings, done("gate", {"passed": True}), engine_state=engine_state)

    assert summary.outcome == "failed"


def test_a_run_that_never_began_still_has_a_summary(settings):
    assert tell(settings).outcome == "failed"


def test_a_figure_below_the_baseline_is_marked(settings):
    lower = {"nDCG@10": 0.6, "hit@1": 0.3, "queries": 40}
    kinds = EVALUATION["queries"]
    evaluation = {**EVALUATION, "queries": {"composed": {**kinds["composed"], "baseline": lower}}}
    summary = tell(settings, done("validate", VALIDATION), done("evaluate", evaluation))
    console = Console(record=True, width=140, file=None)

    print_summary(summary, console)

    row = next(line for line in console.export_text().splitlines() if "composed" in line)
    assert "0.410 ↓" in row  # the encoder's and hybrid's nDCG, while both hit at least as often
    assert "0.520 ↓" in row
    assert row.count("↓") == 2


def test_a_missing_summary_says_where_to_look(tmp_path):
    with pytest.raises(StepError, match=r"pipeline\.log"):
        read_summary(tmp_path)


def test_the_page_shows_everything_and_loads_nothing(settings):
    summary = tell(
        settings,
        done("validate", VALIDATION),
        done("evaluate", EVALUATION),
        done("gate", {"passed": True}),
    )

    page = (summary.folder / "summary.html").read_text()
    for shown in ("1,143", "57", "T → I", "0.610", "composed", "0.520", "validate &lt;ok&gt;"):
        assert shown in page
    assert "http" not in page
    assert "0.000" not in page  # a task without queries has no figures


def test_the_terminal_shows_rows_tasks_query_types_and_outcome(settings):
    summary = tell(
        settings,
        done("validate", VALIDATION),
        done("evaluate", EVALUATION),
        done("gate", {"passed": True}),
    )
    console = Console(record=True, width=120, file=None)

    print_summary(summary, console)

    text = console.export_text()
    for shown in ("1,143 accepted", "T->I", "0.610", "composed", "0.520", "promoted"):
        assert shown in text
