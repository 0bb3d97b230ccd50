"""A gate's word holds as long as what it compared is what is registered."""

from pathlib import Path

import pytest

from tests.uniecs.registry.making import make_report
from uniecs.loop import gate, promote, register
from uniecs.registry import Registry
from uniecs.steps import StepOutput


@pytest.fixture
def run(registry, settings, tmp_path):
    """``run(made, upto)`` goes through register and gate, and on to promote when told so."""

    def go(made, *, promoted: bool = False) -> StepOutput:
        places = {"paired": made.paired, "evaluated": made.evaluated, "run_id": "r"}
        register.run(register.RegisterSpec(trained=made.trained, **places), settings)
        output = gate.run(gate.GateSpec(model_version=made.version, **places), settings)
        if promoted:
            published = output.publish(tmp_path / "judged")
            promote.run(
                promote.PromoteSpec(run_id="r", judged=published, model_version=made.version),
                settings,
                lambda _folder, _version: None,
            )
        return output

    return go


@pytest.fixture(autouse=True)
def evaluated_again(monkeypatch) -> list[str]:
    """Production's new reports come without an encoder; gives the catalogs it was judged on."""
    catalogs: list[str] = []

    def again(production, registry: Registry, catalog: Path, folder: Path):
        catalogs.append((catalog / "rows").read_text())
        make_report(
            folder / "production", production.version, recall=0.5, catalog=catalogs[-1] * 64
        )
        return registry.register(
            production.folder, folder / "production", lineage=production.lineage
        )

    monkeypatch.setattr(gate, "_evaluate_again", again)
    return catalogs


def test_a_run_cut_off_before_its_promotion_goes_on_after_another_judged_production_anew(
    run, judged, registry, evaluated_again
):
    run(judged("first", catalog="a"), promoted=True)
    better = judged("better", catalog="a", recall=0.6)
    assert run(better).report["decision"] == "promote"  # killed here
    assert run(judged("worse", catalog="b", recall=0.3)).report["decision"] == "refuse"
    assert registry.production().catalog_digest == "b" * 64

    again = run(better, promoted=True)

    assert not again.reused
    assert evaluated_again == ["b", "a"]
    assert registry.production().version == better.version


def test_a_gate_whose_comparison_still_stands_is_reused(run, judged, registry, evaluated_again):
    run(judged("first", catalog="a"), promoted=True)
    better = judged("better", catalog="b", recall=0.6)

    first, again = run(better), run(better, promoted=True)

    assert (first.reused, again.reused) == (False, True)
    assert evaluated_again == ["b"]
    assert run(better).reused  # in production, it is not held against itself
    assert registry.production().version == better.version


def test_a_candidate_that_was_registered_with_another_report_gets_its_own_back(
    run, judged, registry
):
    run(judged("first", catalog="a"), promoted=True)
    better = judged("better", catalog="a", recall=0.6)
    run(better)
    run(judged("better", catalog="a", recall=0.7))

    run(better, promoted=True)

    assert registry.production().metrics["R@10"] == 0.6
