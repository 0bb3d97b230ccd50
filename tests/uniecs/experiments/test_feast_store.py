"""Features through Feast: applied, materialized, read back and joined to history."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from uniecs.catalog.reading import Catalog
from uniecs.errors import ServiceUnavailable, StepError, UsageError
from uniecs.experiments import feast_store
from uniecs.experiments.events import Event, event_table
from uniecs.experiments.feast_store import (
    OnlineFeatures,
    apply_features,
    historical_features,
    materialize_features,
)
from uniecs.experiments.feature_state import features_dir, read_feature_state
from uniecs.settings import Settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "redis"])
def online_settings(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    """Settings of both online stores."""
    if request.param == "sqlite":
        yield settings
        return
    address = request.getfixturevalue("redis_address")
    yield settings.model_copy(update={"redis_url": address})


def impressions(times: int) -> pd.DataFrame:
    return event_table(
        Event(
            event_id=str(n), type="impression", time=NOW - timedelta(days=9), user_id="u",
            product_id="p001" if n % 2 else "p002",
        )
        for n in range(times)
    )  # fmt: skip


def test_materialized_features_are_read_online(online_settings: Settings, shelf: Catalog) -> None:
    names = apply_features(online_settings)
    # Redis keeps what an earlier run wrote unless the new values are younger
    state = materialize_features(online_settings, shelf, impressions(6), now=datetime.now(UTC))

    read = OnlineFeatures(online_settings).read(["p001", "p003", "unknown"])

    assert {"product", "product_catalog", "product_performance", "product_ranking_v1"} <= set(names)
    assert state.rows == {"product_catalog": 500, "product_performance": 500}
    assert read_feature_state(online_settings) == state
    assert (read["p001"]["price"], read["p001"]["impressions"]) == (1.25, 3)
    assert read["p003"]["price"] is None
    assert set(read["unknown"].values()) == {None}


def test_500_entity_rows_in_are_500_rows_out_with_nulls(settings: Settings, shelf: Catalog) -> None:
    apply_features(settings)
    materialize_features(settings, shelf, impressions(2), now=NOW - timedelta(days=2))
    materialize_features(settings, shelf, impressions(8), now=NOW)
    ids = [f"p{n:03d}" if n % 4 else f"unknown{n}" for n in range(500)]
    before = [NOW - timedelta(days=3 if n % 10 == 1 else 1) for n in range(500)]
    asked = pd.DataFrame({"product_id": ids, "event_timestamp": before, "label": range(500)})

    joined = historical_features(settings, asked)

    known = [n for n in range(500) if n % 4 and n % 10 != 1]
    assert joined["product_id"].tolist() == ids
    assert joined["label"].tolist() == list(range(500))
    assert joined.index[joined["text_length"].notna()].tolist() == known
    assert joined["price"].notna().sum() == sum(1 for n in known if n % 3)
    # the row of a day ago knows the snapshot before it, not the one after
    assert joined.loc[2, "impressions"] == 1
    assert set(joined.loc[known, "age_days"]) == {0.0}


def test_a_product_ages_from_its_first_snapshot(settings: Settings, shelf: Catalog) -> None:
    apply_features(settings)
    materialize_features(settings, shelf, now=NOW - timedelta(days=2))
    materialize_features(settings, shelf, now=NOW - timedelta(days=1))
    materialize_features(settings, shelf, now=NOW)

    assert OnlineFeatures(settings).read(["p007"])["p007"]["age_days"] == 2.0


def test_the_watermark_stays_when_the_store_does_not_give_back_what_was_written(
    settings: Settings, shelf: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_features(settings)
    before = materialize_features(settings, shelf, now=NOW - timedelta(days=1))
    whole = OnlineFeatures.read

    def forgetful(self: OnlineFeatures, ids: list[str]) -> dict[str, dict[str, object]]:
        rows = whole(self, ids)
        rows[ids[-1]] = dict.fromkeys(rows[ids[-1]])
        return rows

    monkeypatch.setattr(feast_store.OnlineFeatures, "read", forgetful)
    with pytest.raises(StepError, match=r"1 of 500.*p499"):
        materialize_features(settings, shelf, now=NOW)

    assert read_feature_state(settings) == before


def test_nothing_is_read_before_definitions_are_applied(settings: Settings, shelf: Catalog) -> None:
    with pytest.raises(ServiceUnavailable, match="Apply the definitions"):
        OnlineFeatures(settings)
    with pytest.raises(ServiceUnavailable, match="Apply the definitions"):
        materialize_features(settings, shelf, now=NOW)

    assert read_feature_state(settings) is None


def test_a_folder_without_definitions_is_refused(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"feast_repo": tmp_path})

    with pytest.raises(UsageError, match=r"no feature_store\.yaml"):
        apply_features(elsewhere)


def test_features_lie_under_the_home_folder_only(settings: Settings, shelf: Catalog) -> None:
    repository = feast_store.feature_repository(settings)
    before = sorted(path for path in repository.rglob("*") if "__pycache__" not in path.parts)

    apply_features(settings)
    materialize_features(settings, shelf, now=NOW)

    after = sorted(path for path in repository.rglob("*") if "__pycache__" not in path.parts)
    assert after == before
    assert (features_dir(settings) / "online.db").is_file()
