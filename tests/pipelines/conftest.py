"""Small catalogs and a small encoder: the whole loop in a minute."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from uniecs.index.lite_server import stop_lite_server
from uniecs.settings import Settings

TINY = (
    "run.epochs=1",
    "run.batch_size=16",
    "run.precision=float32",  # a probe of speed may choose otherwise in two runs that are compared
    "encoder.dim=32",
    "encoder.fusion_dim=32",
    "encoder.fusion_heads=2",
    "encoder.fusion_ffn=1",
    "encoder.image_size=32",
    "encoder.vocabulary=256",
    'encoder.vision.options={"embedding_size":8,"hidden_sizes":[8,16],"depths":[1,1],'
    '"layer_type":"basic"}',
    'encoder.text.options={"hidden_size":32,"num_hidden_layers":1,"num_attention_heads":2,'
    '"intermediate_size":32,"max_position_embeddings":64}',
)
CatalogMaker = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """An installation that processes of their own use; the server they start ends with the test."""
    folder = tmp_path / "installation"
    yield folder
    stop_lite_server(Settings(home=folder))


@pytest.fixture(scope="session")
def tiny_training() -> tuple[str, ...]:
    """``section.key=value`` settings of an encoder that trains in seconds."""
    return TINY


@pytest.fixture(scope="session")
def split_catalog(tmp_path_factory: pytest.TempPathFactory) -> CatalogMaker:
    """Makes a generated catalog whose first rows are test, the next val, the rest train."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from uniecs.catalog.demo import generate_demo

    def make(*, products: int, test: int, val: int = 10) -> Path:
        folder = tmp_path_factory.mktemp("split") / "catalog"
        generate_demo(folder, products=products, seed=11)
        table = pq.read_table(folder / "catalog.parquet")
        names = ["test"] * test + ["val"] * val + ["train"] * (table.num_rows - test - val)
        kept = [name for name in table.column_names if name != "split"]
        table = table.select(kept).append_column("split", pa.array(names))
        pq.write_table(table, folder / "catalog.parquet")
        return folder

    return make
