"""Fixtures that registry, releases and their commands share; each conftest.py imports them."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.uniecs.registry.making import make_model, make_report
from uniecs.registry import ModelVersion, Registry
from uniecs.registry.mlflow_store import MlflowStore
from uniecs.settings import Settings

__all__ = ["database", "mlflow_template", "postgres_database", "register", "registry"]

Register = Callable[..., ModelVersion]


@pytest.fixture(scope="session")
def mlflow_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with its tables, which take seconds to create."""
    home = tmp_path_factory.mktemp("mlflow")
    MlflowStore(Settings(home=home)).versions()
    return home / "mlflow.db"


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database of this test's own."""
    name = f"uniecs_{uuid.uuid4().hex[:12]}"
    url = make_url(postgres_url)
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, fresh_home: Path, mlflow_template: Path) -> Settings:
    """Settings on SQLite, and on PostgreSQL where the machine has one."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")
    fresh_home.mkdir(exist_ok=True)
    shutil.copy(mlflow_template, fresh_home / "mlflow.db")
    return Settings(home=fresh_home, database_url=url)


@pytest.fixture
def registry(settings: Settings, mlflow_template: Path) -> Registry:
    """An empty registry."""
    settings.root.mkdir(exist_ok=True)
    shutil.copy(mlflow_template, settings.root / "mlflow.db")
    return Registry(settings)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    """``register(registry, content, recall=0.5)`` makes a model and its report a version."""

    def make(registry: Registry, content: str, *, recall: float = 0.5) -> ModelVersion:
        where = tmp_path / "made" / f"{content}-{recall}"
        version = make_model(where / "model", content)
        make_report(where / "report", version, recall=recall)
        return registry.register(where / "model", where / "report", lineage={"run": content})

    return make
