"""The feature repository is what `feast apply` expects."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2] / "feature_repo"


def test_definitions_import_no_torch_of_their_own() -> None:
    files = sorted(REPOSITORY.glob("*.py"))

    assert {path.stem for path in files} == {"entities", "services", "views"}
    assert not [path for path in files if "torch" in path.read_text()]


def test_feast_finds_every_definition_as_its_own_command_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from feast.repo_operations import parse_repo

    monkeypatch.chdir(REPOSITORY)
    monkeypatch.syspath_prepend(REPOSITORY)

    contents = parse_repo(REPOSITORY)

    assert [entity.name for entity in contents.entities if entity.name == "product"] == ["product"]
    assert {view.name for view in contents.feature_views} == {
        "product_catalog",
        "product_performance",
    }
    assert {service.name for service in contents.feature_services} == {"product_ranking_v1"}


def test_every_feature_is_described_by_one_field(monkeypatch: pytest.MonkeyPatch) -> None:
    from uniecs.experiments.feast_store import _definitions

    definitions = _definitions(REPOSITORY)

    fields = [
        field.name
        for view in definitions
        if type(view).__name__ == "FeatureView"
        for field in view.features
    ]
    assert len(fields) == len(set(fields)) == 12
