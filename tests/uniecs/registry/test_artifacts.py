from datetime import UTC, datetime
from pathlib import Path

import pytest

from uniecs.registry.artifacts import StoredVersion, folder_of, local_path

ELSEWHERE = StoredVersion("m-1", 1, "run-1", "s3://bucket/run-1", {}, datetime.now(UTC))


@pytest.fixture
def bucket(tmp_path):
    """Stands for object storage: a download that copies, and counts."""
    calls = []

    def download(run_id, name, folder):
        calls.append((run_id, name))
        place = Path(folder) / name
        place.mkdir(parents=True)
        (place / "config.json").write_text("{}")

    download.calls = calls
    return download


def test_artifacts_on_this_machine_are_used_in_place(settings, tmp_path):
    here = StoredVersion("m-1", 1, "run-1", tmp_path.as_uri(), {}, datetime.now(UTC))

    assert folder_of(settings, here, "model", download=None) == tmp_path / "model"


def test_artifacts_elsewhere_are_fetched_once(settings, bucket):
    for _ in range(2):
        found = folder_of(settings, ELSEWHERE, "reports/abc", download=bucket)

    assert found == settings.root / "models" / "m-1" / "reports" / "abc"
    assert (found / "config.json").is_file()
    assert bucket.calls == [("run-1", "reports/abc")]


def test_listing_versions_fetches_nothing(settings):
    place = folder_of(settings, ELSEWHERE, "model", download=None)

    assert not place.exists()


def test_a_download_that_was_cut_off_begins_anew(settings, bucket):
    def dies(_run_id, name, folder):
        (Path(folder) / name).mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder_of(settings, ELSEWHERE, "model", download=dies)

    found = folder_of(settings, ELSEWHERE, "model", download=bucket)

    assert (found / "config.json").is_file()
    assert [path.name for path in found.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("uri", ["s3://bucket/a", "mlflow-artifacts:/1/a", "http://host/a"])
def test_an_artifact_on_a_server_has_no_local_path(uri):
    assert local_path(uri) is None
