"""A database that cannot be used is one message: which one, why, and what to do."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import event

from uniecs import database
from uniecs.cli.app import app
from uniecs.cli.runtime import run
from uniecs.database import open_database
from uniecs.errors import ServiceUnavailable
from uniecs.experiments.event_store import EventStore
from uniecs.settings import Settings


@pytest.fixture
def models(monkeypatch, capsys):
    """Run ``uniecs models`` as a user does: ``(exit code, message)``."""

    def command():
        monkeypatch.setattr("sys.argv", ["uniecs", "models"])
        with pytest.raises(SystemExit) as ended:
            run(app)
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1
        return ended.value.code or 0, said

    return command


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("garbage", "'garbage'"),
        ("postgresql//ann:secret@host/shop", "'postgresql//ann:***'"),
        ("postgresql://ann:secret", "'postgresql://ann:***'"),
        ("postgresql://ann:secret@host:port/shop", "'postgresql://ann:***'"),
        ("host?password=secret", "'host?***'"),
        ("nosuch://ann:secret@host/shop", "'nosuch://ann:***@host/shop', which SQLAlchemy cannot "
         "use (Can't load plugin: sqlalchemy.dialects:nosuch)"),
        ("mysql://ann:secret@host/shop?password=secret", "'mysql://ann:***@host/shop', which "
         "SQLAlchemy cannot use (No module named 'MySQLdb')"),
        ("sqlite:///x.db?timeout=long", "'sqlite:///x.db?timeout=long'"),
    ],
)  # fmt: skip
def test_a_url_that_is_none_is_wrong_usage_and_tells_no_password(
    monkeypatch, models, tmp_path, url, shown
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNIECS_DATABASE_URL", url)

    code, said = models()

    assert code == 2
    assert said.startswith(f"error: UNIECS_DATABASE_URL is {shown}")
    assert "secret" not in said


def test_a_server_that_is_not_there_is_named_without_its_password(monkeypatch, models):
    url = "postgresql+psycopg://ann:secret@127.0.0.1:1/shop?password=secret"
    monkeypatch.setenv("UNIECS_DATABASE_URL", url)

    code, said = models()

    assert code == 1
    assert "The database postgresql+psycopg://ann:***@127.0.0.1:1/shop cannot be used" in said
    assert "unset UNIECS_DATABASE_URL" in said
    assert "secret" not in said


def test_a_damaged_file_is_named(settings, models):
    settings.root.mkdir()
    (settings.root / "uniecs.db").write_bytes(b"no database" * 1000)

    code, said = models()

    assert code == 1
    assert f"{settings.root / 'uniecs.db'} cannot be used: file is not a database" in said
    assert "put a copy back, or move it away" in said


def test_a_damaged_file_of_mlflow_is_one_message_too(settings, models):
    settings.root.mkdir()
    (settings.root / "mlflow.db").write_bytes(b"no database" * 1000)

    code, said = models()

    assert code == 1
    assert "file is not a database" in said
    assert f"mlflow.db or another under {settings.root}" in said


def test_a_lock_that_is_held_too_long_is_told(settings, monkeypatch):
    store = EventStore(settings)
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.05)

    with closing(sqlite3.connect(settings.root / "uniecs.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ServiceUnavailable, match=r"is locked.*Another process has held it"):
            EventStore(settings)

    assert store.read().empty


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [("query_only=ON", "attempt to write a readonly"), ("max_page_count=1", "or disk is full")],
)
def test_a_file_that_cannot_grow_or_be_written_is_told(settings, pragma, reason):
    engine = open_database(settings)
    event.listen(engine, "connect", lambda raw, _record: raw.execute(f"PRAGMA {pragma}"))

    with pytest.raises(ServiceUnavailable, match=f"{reason}.*permissions.*space"):
        database.create_tables(engine, *database.metadata.sorted_tables)


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path):
    with pytest.raises(ServiceUnavailable, match="unable to open database file"):
        EventStore(Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path}"))
