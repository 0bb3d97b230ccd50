import json
import shutil
import sqlite3

import pytest

from tests.uniecs.registry.making import make_gate, make_model, make_report
from uniecs.encoder.folder import verify_model_folder
from uniecs.errors import GateRefused, ModelError, RegistryError, StageConflict
from uniecs.registry import Registry


def promote_to_production(registry, made):
    production = registry.production()
    gate = make_gate(
        made.version, made.report_digest, production.report_digest if production else None
    )
    return registry.transition(
        made.version, "candidate", "staging", "canary", "production", gate=gate
    )


def stages(registry):
    return {made.lineage["run"]: made.stage for made in registry.list()}


def test_a_version_keeps_model_report_config_and_lineage(registry, register, tmp_path):
    made = register(registry, "first", recall=0.5)
    shutil.rmtree(tmp_path / "made")

    [listed] = registry.list()
    assert listed == made
    assert (made.number, made.stage, made.lineage) == (1, "none", {"run": "first"})
    assert made.metrics["R@10"] == 0.5
    assert "ci95" not in made.metrics
    assert made.catalog_digest == "c" * 64
    assert made.config == {"dim": 4, "content": "first"}
    assert (made.folder / "model.safetensors").is_file()
    assert json.loads((made.report / "report.json").read_text())["model_version"] == made.version
    assert (made.report / "per_query.parquet").is_file()


def test_registering_the_same_content_again_is_the_same_version(registry, register, tmp_path):
    made = register(registry, "first")
    copy = tmp_path / "copy"
    shutil.copytree(made.folder, copy / "model")
    shutil.copytree(made.report, copy / "report")

    again = registry.register(copy / "model", copy / "report", lineage={"run": "another"})

    assert again == made
    assert len(registry.list()) == 1


def test_a_new_platform_database_takes_over_what_mlflow_holds(settings, registry, register):
    made = register(registry, "first")
    fresh = settings.model_copy(
        update={"database_url": f"sqlite:///{settings.root / 'another.db'}"}
    )

    assert Registry(fresh).list() == [made]


def test_another_report_of_the_same_model_becomes_its_report(registry, register, tmp_path):
    made = register(registry, "first", recall=0.5)
    digest = make_report(tmp_path / "new", made.version, recall=0.75, catalog="d" * 64)

    again = registry.register(made.folder, tmp_path / "new", lineage={})

    assert (again.number, again.report_digest) == (made.number, digest)
    assert (again.metrics["R@10"], again.catalog_digest) == (0.75, "d" * 64)
    assert again.lineage == {"run": "first"}


def test_the_card_of_a_version_carries_the_figures_of_its_report(registry, tmp_path):
    version = make_model(tmp_path / "model", "a")
    for name, figure in (("one", "R@10 50.0"), ("two", "R@10 75.0")):
        make_report(tmp_path / name, version, recall=0.5 if name == "one" else 0.75)
        (tmp_path / name / "card.md").write_text(f"## Evaluation\n\n{figure}\n")

    first = registry.register(tmp_path / "model", tmp_path / "one", lineage={})
    before = (first.folder / "README.md").read_text()
    again = registry.register(first.folder, tmp_path / "two", lineage={})

    assert before.startswith("# card\n")
    assert before.endswith("## Evaluation\n\nR@10 50.0\n")
    assert (again.folder / "README.md").read_text() == before.replace("50.0", "75.0")
    assert verify_model_folder(again.folder).version == version
    assert (tmp_path / "model" / "README.md").read_text() == "# card\n"


@pytest.mark.parametrize(
    ("name", "moment"),
    [("log_artifacts", "before"), ("log_artifacts", "after"), ("create_model_version", "before"),
     ("create_model_version", "after")],
)  # fmt: skip
def test_a_registration_that_was_killed_is_taken_up_again(
    settings, registry, register, monkeypatch, name, moment
):
    from mlflow import MlflowClient

    call = getattr(MlflowClient, name)

    def dying(*args, **kwargs):
        if moment == "after":
            call(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, name, dying)
        with pytest.raises(Killed):
            register(registry, "first")

    shutil.rmtree(settings.root.parent / "made")
    made = register(Registry(settings), "first")

    assert registry.list() == [made]
    assert len([*(settings.root / "mlflow-artifacts" / "uniecs-registry").iterdir()]) == 1
    assert (made.report / "per_query.parquet").is_file()


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the library catches it, and locks are freed."""


def test_a_report_of_another_model_is_refused(registry, tmp_path):
    version = make_model(tmp_path / "model", "a")
    make_report(tmp_path / "report", "m-000000000000", recall=0.5)

    with pytest.raises(RegistryError, match=f"judges m-000000000000, but .* holds {version}"):
        registry.register(tmp_path / "model", tmp_path / "report", lineage={})
    assert registry.list() == []


def test_a_model_without_a_report_is_refused(registry, tmp_path):
    make_model(tmp_path / "model", "a")

    with pytest.raises(RegistryError, match=r"has no report\.json"):
        registry.register(tmp_path / "model", tmp_path, lineage={})


def test_an_altered_model_is_refused(registry, tmp_path):
    version = make_model(tmp_path / "model", "a")
    make_report(tmp_path / "report", version, recall=0.5)
    (tmp_path / "model" / "model.safetensors").write_text("other weights")

    with pytest.raises(ModelError, match="was changed"):
        registry.register(tmp_path / "model", tmp_path / "report", lineage={})


def test_a_version_is_found_by_id_prefix_and_number(registry, register):
    first, second = register(registry, "first"), register(registry, "second")

    assert registry.get(first.version) == first
    assert registry.get(second.version[:6]) == second
    assert registry.get("2") == second
    assert registry.get(1) == first
    with pytest.raises(RegistryError, match="fits 2 versions"):
        registry.get("m-")
    with pytest.raises(RegistryError, match=f"no model version '9'. Registered: {first.version}"):
        registry.get("9")


def test_a_version_goes_to_production_stage_by_stage(registry, register):
    made = register(registry, "first")
    assert registry.production() is None

    promoted = promote_to_production(registry, made)

    assert promoted.stage == "production"
    assert registry.production() == promoted
    assert [change.to_stage for change in registry.history(made.version)] == [
        "candidate",
        "staging",
        "canary",
        "production",
    ]


def test_a_new_production_version_archives_the_old_one(registry, register):
    promote_to_production(registry, register(registry, "first"))
    promote_to_production(registry, register(registry, "second"))

    assert stages(registry) == {"first": "archived", "second": "production"}


def test_a_move_that_does_not_exist_names_those_that_do(registry, register):
    made = register(registry, "first")

    with pytest.raises(RegistryError, match=r"stage none .* can go to candidate or archived"):
        registry.transition(made.version, "production")
    promote_to_production(registry, made)
    with pytest.raises(RegistryError, match="promote another version to production, or roll back"):
        registry.transition(made.version, "archived")


def test_several_moves_happen_all_or_none(registry, register):
    made = register(registry, "first")

    with pytest.raises(GateRefused):
        registry.transition(made.version, "candidate", "staging")
    assert registry.get(made.version).stage == "none"

    registry.transition(made.version, "candidate")
    gate = make_gate(made.version, made.report_digest)
    assert registry.transition(1, "candidate", "staging", gate=gate).stage == "staging"
    assert [(change.from_stage, change.to_stage) for change in registry.history()] == [
        ("none", "candidate"),
        ("candidate", "staging"),
    ]


def test_moving_to_the_present_stage_changes_nothing(registry, register):
    made = register(registry, "first")
    registry.transition(made.version, "candidate")

    registry.transition(made.version, "candidate")

    assert len(registry.history()) == 1


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (lambda _: None, "only with a passed gate report"),
        (lambda made: make_gate(made.version, made.report_digest, passed=False), "worse by a mile"),
        (lambda made: make_gate(made.version, "f" * 64), "judged a report ffffffffffff"),
    ],
    ids=["no gate", "failed gate", "gate of another report"],
)
def test_a_move_towards_production_needs_a_passed_gate_on_its_report(
    registry, register, gate, message
):
    made = registry.transition(register(registry, "first").version, "candidate")

    with pytest.raises(GateRefused, match=message):
        registry.transition(made.version, "staging", gate=gate(made))

    assert registry.get(made.version).stage == "candidate"


def test_a_gate_that_compared_with_a_former_production_version_is_a_conflict(registry, register):
    first, second = register(registry, "first"), register(registry, "second")
    late = make_gate(second.version, second.report_digest, None)
    registry.transition(second.version, "candidate")
    promote_to_production(registry, first)

    with pytest.raises(StageConflict) as conflict:
        registry.transition(second.version, "staging", gate=late)

    assert first.version in str(conflict.value)
    assert second.version in str(conflict.value)


def test_the_history_keeps_the_gate_the_actor_and_the_time(settings, registry, register):
    made = register(registry, "first")
    registry = Registry(settings, actor="ada")
    registry.transition(made.version, "candidate")
    registry.transition(made.version, "staging", gate=make_gate(made.version, made.report_digest))

    entered, gated = registry.history()

    assert (entered.gate_digest, entered.actor) == (None, "ada")
    assert len(gated.gate_digest) == 64
    assert gated.gate_report["candidate_digest"] == made.report_digest
    assert gated.time > entered.time


def test_rollback_goes_back_one_production_version_at_a_time(registry, register):
    for name in ("first", "second", "third"):
        promote_to_production(registry, register(registry, name))

    restored, rolled_back = registry.rollback()
    assert (restored.lineage["run"], rolled_back.lineage["run"]) == ("second", "third")
    assert stages(registry) == {"first": "archived", "second": "production", "third": "archived"}

    registry.rollback()
    assert stages(registry)["first"] == "production"
    with pytest.raises(RegistryError, match="the first version in production"):
        registry.rollback()


def test_a_rolled_back_version_may_earn_production_again(registry, register):
    first, second = register(registry, "first"), register(registry, "second")
    promote_to_production(registry, first)
    promote_to_production(registry, second)
    registry.rollback()

    promote_to_production(registry, second)
    registry.rollback()

    assert stages(registry) == {"first": "production", "second": "archived"}


def test_rollback_of_an_empty_production_is_refused(registry):
    with pytest.raises(RegistryError, match="nothing to roll back"):
        registry.rollback()


def test_rolling_back_what_is_no_longer_in_production_is_a_conflict(registry, register):
    first, second = register(registry, "first"), register(registry, "second")
    promote_to_production(registry, first)
    promote_to_production(registry, second)

    with pytest.raises(StageConflict, match="is in production now"):
        registry.rollback(expected="m-seen-earlier")


def test_mlflow_shows_the_stages_as_aliases_and_tags(settings, registry, register):
    from mlflow import MlflowClient

    first, second = register(registry, "first"), register(registry, "second")
    promote_to_production(registry, first)
    registry.transition(second.version, "candidate")
    client = MlflowClient(settings.mlflow, settings.mlflow)

    assert client.get_model_version_by_alias("uniecs", "production").version == first.number
    assert client.get_model_version_by_alias("uniecs", "candidate").version == second.number
    assert set(client.get_registered_model("uniecs").aliases) == {"production", "candidate"}
    assert client.get_model_version("uniecs", str(first.number)).tags["stage"] == "production"


def test_stages_that_mlflow_missed_are_shown_by_the_next_call(settings, registry, register):
    made = register(registry, "first")
    registry._ledger.change(lambda _board: [_move(made.version)])  # as if killed right after it
    with sqlite3.connect(settings.root / "mlflow.db") as mlflow:
        assert mlflow.execute("select count(*) from registered_model_aliases").fetchone() == (0,)

    Registry(settings).list()

    with sqlite3.connect(settings.root / "mlflow.db") as mlflow:
        [(alias, number)] = mlflow.execute("select alias, version from registered_model_aliases")
    assert (alias, number) == ("candidate", made.number)


def _move(version):
    from uniecs.registry.ledger import Move

    return Move(version, "candidate", "promoted")


@pytest.mark.slow  # MLflow's client of a server loads every plugin, Feast among them
def test_an_unreachable_mlflow_server_is_named(settings, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = settings.model_copy(update={"mlflow_uri": "http://127.0.0.1:9"})

    with pytest.raises(Exception, match=r"MLflow server http://127\.0\.0\.1:9 does not answer"):
        Registry(away).list()
