"""Search joins features online, and goes on without them when Feast cannot answer."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from uniecs.catalog.reading import Catalog
from uniecs.experiments import feast_store
from uniecs.experiments.feast_store import apply_features, materialize_features
from uniecs.experiments.feature_state import features_dir, state_path
from uniecs.search.features import FeatureJoin
from uniecs.settings import Settings

PATIENT = {"open_within_s": 60.0, "read_within_s": 60.0}
"""Budgets for tests that are not about time, on machines that are busy."""


@pytest.fixture
def shelf(tmp_path: Path) -> Catalog:
    folder = tmp_path / "shelf"
    folder.mkdir()
    rows = [{"product_id": f"p{n}", "title": f"Mug {n}", "price": n + 0.5} for n in range(20)]
    (folder / "catalog.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return Catalog(folder)


@pytest.fixture
def materialized(settings: Settings, shelf: Catalog) -> Settings:
    apply_features(settings)
    materialize_features(settings, shelf)
    return settings


def test_materialized_features_are_joined_to_every_hit(materialized: Settings) -> None:
    joined = FeatureJoin(materialized, **PATIENT).join(["p3", "unknown", "p1"])

    assert joined.status == "ok"
    assert list(joined.values) == ["p3", "unknown", "p1"]
    assert joined.values["p3"]["price"] == 3.5
    assert joined.values["unknown"]["price"] is None


def test_without_materialized_features_nothing_is_imported(settings: Settings) -> None:
    code = (
        "import sys, time; from uniecs.settings import Settings; "
        "from uniecs.search.features import FeatureJoin; start = time.process_time(); "
        "print(FeatureJoin(Settings()).join(['p']).status, 'feast' in sys.modules, "
        "time.process_time() - start < 0.2)"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout.split() == ["unavailable", "False", "True"]


def test_a_broken_store_costs_no_exception_and_the_next_search_no_time(
    materialized: Settings,
) -> None:
    (features_dir(materialized) / "online.db").write_bytes(b"this is no database" * 100)
    now = [0.0]
    join = FeatureJoin(materialized, clock=lambda: now[0], **PATIENT)

    first, second = join.join(["p1"]), join.join(["p1"])

    assert (first.status, second.status) == ("unavailable", "unavailable")
    assert "not a database" in str(first.reason)
    assert "a moment ago" in str(second.reason)


def test_features_come_back_when_the_store_does(materialized: Settings, shelf: Catalog) -> None:
    online = features_dir(materialized) / "online.db"
    whole = online.read_bytes()
    online.write_bytes(b"this is no database" * 100)
    now = [0.0]
    join = FeatureJoin(materialized, clock=lambda: now[0], **PATIENT)
    assert join.join(["p1"]).status == "unavailable"

    online.write_bytes(whole)
    now[0] += 60

    assert join.join(["p1"]).status == "ok"


def test_a_store_that_hangs_stalls_one_search_for_the_budget_and_the_next_not_at_all(
    materialized: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = FeatureJoin(materialized, open_within_s=60.0, read_within_s=0.2)
    assert join.join(["p1"]).status == "ok"
    release = threading.Event()
    monkeypatch.setattr(feast_store.OnlineFeatures, "read", lambda *_: release.wait(30) and {})

    start = time.monotonic()
    answers = [join.join(["p1"]) for _ in range(50)]
    took = time.monotonic() - start
    release.set()

    assert {answer.status for answer in answers} == {"unavailable"}
    assert took < 5.0  # ten seconds, were each of the fifty to wait


def test_a_server_does_not_wait_while_the_store_is_being_opened(materialized: Settings) -> None:
    join = FeatureJoin(materialized, open_within_s=0.0, read_within_s=60.0)
    join.open()

    deadline = time.monotonic() + 120
    while (answer := join.join(["p2"])).status != "ok" and time.monotonic() < deadline:
        assert answer.reason == "the feature store is being opened"

    assert answer.values["p2"]["price"] == 2.5


def test_a_long_running_search_sees_the_next_materialization(
    materialized: Settings, tmp_path: Path
) -> None:
    join = FeatureJoin(materialized, **PATIENT)
    assert join.join(["p1"]).values["p1"]["price"] == 1.5
    folder = tmp_path / "dearer"
    folder.mkdir()
    (folder / "catalog.jsonl").write_text(
        json.dumps({"product_id": "p1", "title": "Mug 1", "price": 9.0})
    )

    materialize_features(materialized, Catalog(folder))

    assert join.join(["p1"]).values["p1"]["price"] == 9.0


def test_a_damaged_watermark_is_no_watermark(materialized: Settings) -> None:
    state_path(materialized).write_text("{")

    assert FeatureJoin(materialized).join(["p1"]).status == "unavailable"


def test_searches_of_many_threads_are_all_answered(materialized: Settings) -> None:
    join = FeatureJoin(materialized, **PATIENT)
    statuses: list[str] = []

    def search() -> None:
        statuses.extend(join.join([f"p{n}"]).status for n in range(20))

    threads = [threading.Thread(target=search) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == ["ok"] * 160


MATERIALIZER = """
import sys
from pathlib import Path
from uniecs.catalog.reading import Catalog
from uniecs.experiments.feast_store import materialize_features
from uniecs.settings import Settings
for _ in range(5):
    materialize_features(Settings(home=sys.argv[1]), Catalog(Path(sys.argv[2])))
"""


@pytest.mark.slow
def test_search_has_its_features_while_another_process_materializes(
    materialized: Settings, shelf: Catalog
) -> None:
    join = FeatureJoin(materialized, **PATIENT)
    command = [sys.executable, "-c", MATERIALIZER, str(materialized.home), str(shelf.folder)]
    other = subprocess.Popen(command)

    answers = []
    while other.poll() is None:
        answers.append(join.join([f"p{n}" for n in range(20)]))
        with contextlib.suppress(subprocess.TimeoutExpired):
            other.wait(0.02)

    assert other.returncode == 0
    assert {answer.status for answer in answers} == {"ok"}
    assert {answer.values["p7"]["price"] for answer in answers} == {7.5}
