"""The weights of hybrid search are chosen on other queries than those they are reported on."""

from pathlib import Path

import pytest

from benchmarks import fusion_weights
from uniecs.catalog.reading import Catalog
from uniecs.evaluation.queries import in_test
from uniecs.inference.encoder import Encoder


def test_no_query_is_both_tuned_on_and_reported(accepted_catalog: Path, tiny_model: Path) -> None:
    catalog = Catalog(accepted_catalog)

    parts = list(fusion_weights.parts_of(Encoder.load(tiny_model), catalog))

    assert {part.kind for part in parts} == {"words", "picture and words", "picture"}
    for part in parts:
        tuning = {query.query_id for query in part.tuning}
        held_out = {query.query_id for query in part.held_out}
        assert tuning
        assert held_out
        assert not tuning & held_out
        if any(in_test(query, catalog) for query in part.held_out):
            assert not any(in_test(query, catalog) for query in part.tuning)


def test_the_choice_and_the_held_out_figures_are_printed(
    accepted_catalog: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile_or_fair = {"look": (0.35,), "lead": (-50.0, 3.0)}
    monkeypatch.setattr(fusion_weights, "GRIDS", {"picture": hostile_or_fair})

    assert fusion_weights.main([str(tiny_model), str(accepted_catalog)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "look=0.35, lead=3.0" in lines[0]
    assert any(line.startswith("catalog, other_view") for line in lines)


def test_a_model_without_a_catalog_is_told_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert fusion_weights.main(["model"]) == 2
    assert "MODEL CATALOG" in capsys.readouterr().err
