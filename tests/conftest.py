"""Fixtures that every room shares: real catalogs, a real tiny encoder, a fresh home."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from uniecs.settings import Settings

if TYPE_CHECKING:
    from tests.shop import Shop

REPOSITORY = Path(__file__).parent.parent

# Read when torch is loaded, in this process and in those that tests start: as commands set it, and
# one thread for each of several workers, which would only wait for one another.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No test sees the state of the machine: UNIECS_HOME is empty, other settings are unset.

    A Milvus Lite that is started there ends with the test.
    """
    for name in list(os.environ):
        if name.startswith("UNIECS_") and not name.startswith("UNIECS_TEST_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("UNIECS_HOME", str(home))
    yield home
    if any(home.glob("milvus-server*")):
        from uniecs.index.lite_server import stop_lite_server

        stop_lite_server(Settings(home=home))


@pytest.fixture
def settings(fresh_home: Path) -> Settings:
    """Settings of a fresh installation."""
    return Settings(home=fresh_home)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real product data, beside the repository or named by UNIECS_TEST_SHARED."""
    shared = Path(os.environ.get("UNIECS_TEST_SHARED", REPOSITORY.parent / "shared"))
    if not (shared / "data").is_dir():
        pytest.skip(f"no real product data at {shared / 'data'}; set UNIECS_TEST_SHARED")
    return shared / "data"


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """SQLAlchemy URL of a PostgreSQL server, from UNIECS_TEST_POSTGRES."""
    if not (url := os.environ.get("UNIECS_TEST_POSTGRES")):
        pytest.skip("no PostgreSQL server; set UNIECS_TEST_POSTGRES to its SQLAlchemy URL")
    return url


@pytest.fixture(scope="session")
def redis_address() -> str:
    """host:port and database of a Redis server at UNIECS_TEST_REDIS; each worker has its own."""
    if not (address := os.environ.get("UNIECS_TEST_REDIS")):
        pytest.skip("no Redis server; set UNIECS_TEST_REDIS to its host:port")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{address},db={9 + int(worker)}"


@pytest.fixture(scope="session")
def server_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Milvus server: UNIECS_TEST_MILVUS, or the one that package ``milvus`` carries."""
    if uri := os.environ.get("UNIECS_TEST_MILVUS"):
        yield uri
        return
    milvus = pytest.importorskip(
        "milvus", reason="no Milvus server: install the extra milvus-server, or set "
        "UNIECS_TEST_MILVUS to the URI of one",
    )  # fmt: skip
    milvus.default_server.set_base_dir(str(tmp_path_factory.mktemp("milvus-server")))
    milvus.default_server.start()
    yield f"http://127.0.0.1:{milvus.default_server.listen_port}"
    milvus.default_server.stop()


@pytest.fixture(scope="session")
def demo_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small generated catalog with defects: read-only, shared by the whole run."""
    from uniecs.catalog.demo import generate_demo

    folder = tmp_path_factory.mktemp("demo") / "catalog"
    generate_demo(folder, products=120, seed=7)
    return folder


@pytest.fixture(scope="session")
def accepted_catalog(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows of ``demo_catalog`` that validation accepts: what a model may be trained on."""
    from uniecs.catalog.validation import validate_catalog

    folder = tmp_path_factory.mktemp("accepted")
    validate_catalog(demo_catalog, folder / "report", config=None, accepted=folder / "catalog")
    return folder / "catalog"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model folder of a tiny encoder with random weights: 32 px pictures, 32 numbers a vector."""
    from uniecs.encoder.build import build_encoder
    from uniecs.encoder.choices import EncoderConfig, TowerChoice
    from uniecs.encoder.folder import save_model_folder

    config = EncoderConfig(
        vision=TowerChoice(
            type="resnet",
            options={
                "embedding_size": 8,
                "hidden_sizes": [8, 16],
                "depths": [1, 1],
                "layer_type": "basic",
            },
        ),
        text=TowerChoice(
            type="bert",
            options={
                "hidden_size": 32,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "intermediate_size": 32,
                "max_position_embeddings": 32,
            },
        ),
        dim=32,
        fusion_dim=32,
        fusion_layers=1,
        fusion_heads=2,
        fusion_ffn=1,
        image_size=32,
        max_text_tokens=16,
        vocabulary=256,
    )
    texts = [f"{c} {p}" for c in ("red", "blue", "green") for p in ("mug", "lamp", "chair")] * 3
    model, processor = build_encoder(config, texts, seed=7)
    folder = tmp_path_factory.mktemp("tiny") / "model"
    save_model_folder(model, processor, folder, card="# A tiny encoder with random weights\n")
    return folder


@pytest.fixture(scope="session")
def exported(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, accepted_catalog: Path
) -> tuple[Path, dict[str, Any]]:
    """The export of ``tiny_model`` with int8, compared on the demo catalog, and what was printed.

    Made once for the whole run and all its workers, by the command: tracing takes half a minute.
    """
    from filelock import FileLock
    from typer.testing import CliRunner

    from uniecs.cli.app import app

    own = tmp_path_factory.getbasetemp()
    run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, printed = run / "exported", run / "exported.json"
    with FileLock(run / "exported.lock"):
        if not printed.exists():
            told = ["export", str(tiny_model), str(folder), "--int8", "--json"]
            result = CliRunner().invoke(app, [*told, "--catalog", str(accepted_catalog)])
            assert result.exit_code == 0, result.output
            printed.write_text(result.stdout)
    return folder, json.loads(printed.read_text())


@pytest.fixture(scope="session")
def shop(
    tmp_path_factory: pytest.TempPathFactory, accepted_catalog: Path, tiny_model: Path
) -> Iterator["Shop"]:
    """An installation whose live generation is the demo catalog: read-only, shared by the run."""
    from tests.shop import open_shop
    from uniecs.index.lite_server import stop_lite_server

    opened = open_shop(tmp_path_factory.mktemp("shop"), accepted_catalog, tiny_model)
    yield opened
    stop_lite_server(opened.settings)
