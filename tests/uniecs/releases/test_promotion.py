import subprocess
import sys
from pathlib import Path

import pytest

from tests.uniecs.registry.making import make_gate
from uniecs.errors import DataError, GateRefused, RegistryError, StageConflict
from uniecs.registry import Registry
from uniecs.releases import promote

RACER = Path(__file__).with_name("racer.py")
REPOSITORY = Path(__file__).parents[3]


def test_a_promotion_walks_through_the_stages_between(registry, register):
    made = register(registry, "first", recall=0.5)

    done = promote(registry, made.version, "production")

    assert done.entered == ["candidate", "staging", "canary", "production"]
    assert (done.model.stage, done.replaced) == ("production", None)
    assert done.gate.passed
    assert {change.gate_digest is not None for change in registry.history()[1:]} == {True}


def test_a_better_version_replaces_the_one_in_production(registry, register):
    first = register(registry, "first", recall=0.5)
    promote(registry, first.version, "production")
    second = register(registry, "second", recall=0.6)

    done = promote(registry, second.version, "production")

    assert done.replaced == first.version
    assert done.gate.production_version == first.version
    assert registry.get(first.version).stage == "archived"


def test_a_worse_version_is_refused_and_stays_where_it_was(registry, register):
    promote(registry, register(registry, "first", recall=0.6).version, "production")
    worse = register(registry, "second", recall=0.4)

    with pytest.raises(GateRefused, match="wholly below") as refusal:
        promote(registry, worse.version, "staging")

    assert refusal.value.report["passed"] is False
    assert registry.get(worse.version).stage == "none"


def test_becoming_a_candidate_needs_no_gate(registry, register):
    worthless = register(registry, "first", recall=0.0)

    done = promote(registry, worthless.version, "candidate")

    assert (done.model.stage, done.gate) == ("candidate", None)


def test_an_edited_report_is_refused(registry, register):
    made = register(registry, "first", recall=0.5)
    report = made.report / "report.json"
    report.write_text(report.read_text().replace("0.5", "0.9"))

    with pytest.raises((GateRefused, DataError), match="cannot be trusted"):
        promote(registry, made.version, "staging")


def test_a_version_in_production_is_promoted_again_without_effect(registry, register):
    made = register(registry, "first", recall=0.5)
    promote(registry, made.version, "production")

    assert promote(registry, made.version, "production").entered == []


def test_production_cannot_be_left_by_a_promotion(registry, register):
    made = register(registry, "first", recall=0.5)
    promote(registry, made.version, "production")

    with pytest.raises(RegistryError, match="roll back"):
        promote(registry, made.version, "staging")


def test_of_two_promotions_that_race_one_wins(database, register):
    registry = Registry(database)
    here, there = (register(registry, name) for name in ("first", "second"))
    gates = [make_gate(one.version, one.report_digest) for one in (here, there)]
    racer = subprocess.Popen(
        [
            *(sys.executable, RACER, database.home, database.database_url or ""),
            gates[1].model_dump_json(),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert racer.stdout.readline() == "ready\n"

    racer.stdin.write("go\n")
    racer.stdin.flush()
    try:
        promote(registry, here.version, "production", gate=gates[0])
        answer = "won\n"
    except StageConflict as conflict:
        answer = f"conflict {conflict}\n"
    answers = {here.version: answer, there.version: racer.communicate(timeout=200)[0]}

    winner = registry.production().version
    [loser] = answers.keys() - {winner}
    assert answers[winner] == "won\n"
    assert answers[loser].startswith("conflict ")
    assert winner in answers[loser]
    assert loser in answers[loser]
    assert registry.get(loser).stage == "none"
