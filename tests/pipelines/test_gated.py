"""The compiled pipeline and its gate, with the components called as plain functions first.

The components run in this process, where imports are paid once; the compiled pipeline then runs
every step in a process of its own and reuses what they made. Training is replaced by a tiny model
and the proof that it serves by one forward pass; ``test_end_to_end.py`` leaves nothing out.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from kfp import dsl

from components.deploy import deploy
from components.embed import embed
from components.evaluate import evaluate
from components.examples import examples
from components.gate import gate
from components.index import index
from components.materialize import materialize
from components.monitor import monitor
from components.promote import promote
from components.register import register
from components.simulate_events import simulate_events
from components.split_and_pair import split_and_pair
from components.summarise import summarise
from components.train import train
from components.validate import validate
from pipelines.running import RunRequest, run_retraining
from uniecs.cli.runtime import console
from uniecs.database import open_database
from uniecs.errors import GateRefused
from uniecs.loop import deploy as deploy_step
from uniecs.loop import monitor as monitor_step
from uniecs.loop import promote as promote_step
from uniecs.loop import train as train_step
from uniecs.loop.journal import Journal
from uniecs.registry.ledger import Move, StageLedger
from uniecs.settings import Settings

SESSIONS = 20
HEAVY = ("torch", "transformers", "feast", "evidently", "great_expectations")
BEFORE_THE_GATE = [
    "validate", "split_and_pair", "train", "embed", "evaluate", "register", "index",
    "simulate_events", "materialize", "gate",
]  # fmt: skip
BEHIND_THE_GATE = ["promote", "deploy", "examples", "monitor"]


@dataclass
class Plain:
    """Calls components as plain functions, one after another."""

    catalog: Path
    root: Path
    run_id: str = "plain"

    def artifact(self, name: str, kind: type[dsl.Artifact] = dsl.Artifact) -> dsl.Artifact:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return kind(uri=str(path))

    def up_to_the_gate(self) -> dict:
        names = ("accepted", "paired", "trained", "embedded", "evaluated", "simulated", "judged")
        made = {name: self.artifact(name) for name in names}
        run = {"run_id": self.run_id}
        paired, trained, embedded = made["paired"], made["trained"], made["embedded"]
        evaluated = made["evaluated"]
        validate.python_func(
            catalog=str(self.catalog),
            accepted=made["accepted"],
            page=self.artifact("v.html"),
            **run,
        )
        split_and_pair.python_func(accepted=made["accepted"], paired=paired, **run)
        train.python_func(paired=paired, preset="small", overrides=[], trained=trained, **run)
        embed.python_func(paired=paired, trained=trained, embedded=embedded, **run)
        evaluate.python_func(
            paired=paired, trained=trained, embedded=embedded, evaluated=evaluated,
            page=self.artifact("e.html"), **run,
        )  # fmt: skip
        made["model"] = register.python_func(
            paired=paired, trained=trained, evaluated=evaluated, **run
        )
        made["generation"] = index.python_func(
            paired=paired, embedded=embedded, model_version=made["model"], **run
        )
        simulate_events.python_func(
            paired=paired, trained=trained, embedded=embedded, model_version=made["model"],
            generation=made["generation"], sessions=SESSIONS, simulated=made["simulated"], **run,
        )  # fmt: skip
        made["service"] = materialize.python_func(paired=paired, **run)
        made["decision"] = gate.python_func(
            paired=paired, evaluated=evaluated, model_version=made["model"],
            judged=made["judged"], **run,
        )  # fmt: skip
        return made

    def behind_the_gate(self, made: dict) -> str:
        run = {"run_id": self.run_id}
        settings = Settings()
        judged = Path(made["judged"].path)
        promotion = promote_step.PromoteSpec(judged=judged, model_version=made["model"], **run)
        promote_step.run(promotion, settings, prove_by_a_forward)
        parts = {"model_version": made["model"], "generation": made["generation"]}
        spec = deploy_step.DeploySpec(feature_service=made["service"], **parts, **run)
        release = deploy_step.run(spec, settings, roll_out_after_a_forward).report["release"]
        examples.python_func(paired=made["paired"], release=release, **run)
        watch = monitor_step.MonitorSpec(paired=Path(made["paired"].path), release=release, **run)
        monitor_step.run(watch, settings, judge_healthy)
        return release

    def reused_behind_the_gate(self, made: dict) -> None:
        """As pipelines run it; nothing is proven, rolled out or judged, because it was before."""
        run = {"run_id": self.run_id}
        promote.python_func(judged=made["judged"], model_version=made["model"], **run)
        release = deploy.python_func(
            model_version=made["model"], generation=made["generation"],
            feature_service=made["service"], **run,
        )  # fmt: skip
        examples.python_func(paired=made["paired"], release=release, **run)
        monitor.python_func(
            paired=made["paired"], release=release, watched=self.artifact("watched"),
            page=self.artifact("m.html"), **run,
        )  # fmt: skip


def prove_by_a_forward(model_folder, model_version):
    from uniecs.catalog.items import Item
    from uniecs.inference.encoder import Encoder

    encoder = Encoder.load(model_folder)
    assert encoder.model_version == model_version
    assert encoder.encode([Item("probe", text="mug")]).errors == [None]


def roll_out_after_a_forward(settings, *, model_folder, model_version, point, undo):
    prove_by_a_forward(model_folder, model_version)
    point()
    check = {"v1_ms": 1.0, "v2_ms": 1.0}
    return SimpleNamespace(model_dump=lambda **_: {"server": "this process", "check": check})


def judge_healthy(*, reference, current, report, events):
    assert (reference / "catalog.parquet").is_file()
    assert (current / "catalog.parquet").is_file()
    assert events.is_file()
    report.mkdir()
    (report / "index.html").write_text("<p>healthy</p>")
    verdict = {"verdict": "healthy", "reasons": [], "samples": {}, "simulated": True}
    (report / "verdict.json").write_text(json.dumps(verdict))


@pytest.fixture(autouse=True)
def no_training(tiny_model, monkeypatch):
    """The train step gives the tiny model, under the key that real training would have."""

    def take_tiny_model(_spec, _config, folder, _settings):
        from uniecs.encoder.folder import verify_model_folder

        shutil.copytree(tiny_model, folder / "model")
        version = verify_model_folder(tiny_model).version
        return {"model_version": version, "steps": 0, "val": {}}

    monkeypatch.setattr(train_step, "_work", take_tiny_model)


def run_compiled_pipeline(catalog: Path, settings: Settings):
    request = RunRequest(catalog=catalog, sessions=SESSIONS)
    return run_retraining(request, run_id="compiled", settings=settings, console=console)


def test_the_gate_agrees_and_the_steps_behind_it_run(split_catalog, settings, tmp_path):
    catalog = split_catalog(products=180, test=125)
    plain = Plain(catalog, tmp_path / "artifacts")
    made = plain.up_to_the_gate()
    assert made["decision"] == "promote"
    release = plain.behind_the_gate(made)

    summary = run_compiled_pipeline(catalog, settings)

    assert summary.outcome == "promoted"
    reused = [line.step for line in summary.steps if line.reused]
    assert reused[: len(BEFORE_THE_GATE)] == BEFORE_THE_GATE
    # the last two do not depend on each other, and the local engine takes them in any order
    assert sorted(reused[len(BEFORE_THE_GATE) :]) == sorted(BEHIND_THE_GATE)
    assert summary.live.model_dump() == {
        "model_version": made["model"],
        "stage": "production",
        "generation": made["generation"],
        "release": release,
    }
    assert heavy_modules_of_reused_steps(plain, settings) == []
    assert a_gate_after_a_rollback(plain, made, settings) == "refuse"
    assert {example["kind"] for example in summary.examples} == {"text", "picture", "both"}
    assert all(len(example["hits"]) == 3 for example in summary.examples)


def heavy_modules_of_reused_steps(plain: Plain, settings: Settings) -> list[str]:
    """What the steps import when every one of them finds its output."""
    code = f"""
import sys
from pathlib import Path
from tests.pipelines.test_gated import HEAVY, Plain
plain = Plain(Path({str(plain.catalog)!r}), Path({str(plain.root)!r}))
plain.reused_behind_the_gate(plain.up_to_the_gate())
print(*(name for name in HEAVY if name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "UNIECS_HOME": str(settings.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


def a_gate_after_a_rollback(plain: Plain, made: dict, settings: Settings) -> str:
    """What a person took out of production, only a person puts back."""
    taken_out = Move(made["model"], "archived", "rolled back")
    ledger = StageLedger(open_database(settings), clock=lambda: datetime.now(UTC), actor="test")
    ledger.change(lambda _: [taken_out])
    return gate.python_func(
        paired=made["paired"], evaluated=made["evaluated"], model_version=made["model"],
        judged=plain.artifact("judged-again"), run_id="after a rollback",
    )  # fmt: skip


def test_the_gate_refuses_and_nothing_behind_it_runs(split_catalog, settings, tmp_path):
    catalog = split_catalog(products=60, test=20)
    made = Plain(catalog, tmp_path / "artifacts").up_to_the_gate()
    assert made["decision"] == "refuse"

    summary = run_compiled_pipeline(catalog, settings)

    assert summary.outcome == "refused"
    assert "100 queries" in summary.message
    assert [line.step for line in summary.steps] == BEFORE_THE_GATE
    assert summary.live.release is None
    assert (summary.folder / "summary.html").is_file()


def test_a_refused_catalog_stops_the_pipeline_before_training(split_catalog, settings, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    catalog = split_catalog(products=60, test=20)
    table = pq.read_table(catalog / "catalog.parquet")
    place = table.column_names.index("product_id")
    same = pa.array(["p1"] * table.num_rows)
    pq.write_table(table.set_column(place, "product_id", same), catalog / "catalog.parquet")
    with pytest.raises(GateRefused, match="duplicate"):
        Plain(catalog, tmp_path / "artifacts").up_to_the_gate()

    summary = run_compiled_pipeline(catalog, settings)

    assert summary.outcome == "refused"
    assert "duplicate" in summary.message
    assert [line.step for line in summary.steps] == ["validate"]
    assert json.loads((summary.folder / "summary.json").read_text())["outcome"] == "refused"


def test_a_missing_catalog_is_one_clear_message(settings, tmp_path):
    summary = run_compiled_pipeline(tmp_path / "nowhere", settings)

    assert summary.outcome == "failed"
    assert "no such catalog folder" in summary.message
    assert [entry.step for entry in Journal(settings, "compiled").entries()] == ["validate"]


def test_the_exit_handler_as_a_plain_function_writes_the_summary(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIECS_HOME", str(tmp_path / "home"))
    page = dsl.HTML(uri=str(tmp_path / "page.html"))

    summarise.python_func(run_id="r1", status=SimpleNamespace(state="FAILED"), page=page)

    run = tmp_path / "home" / "runs" / "r1"
    assert json.loads((run / "summary.json").read_text())["outcome"] == "failed"
    assert Path(page.path).read_bytes() == (run / "summary.html").read_bytes()
