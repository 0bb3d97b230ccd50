from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.uniecs.registry.fixtures import *  # noqa: F403 - fixtures must be named here
from tests.uniecs.registry.making import make_model, make_report
from uniecs.encoder.folder import verify_model_folder
from uniecs.steps import run_step


@pytest.fixture
def publish(settings, tmp_path) -> Callable[..., Path]:
    """``publish("name", work)`` gives the output of a finished step under that name."""

    def make(name: str, work: Callable[[Path], dict]) -> Path:
        output = run_step(
            "made", inputs={"name": name}, config={}, code=[], work=work, settings=settings
        )
        return output.publish(tmp_path / "published" / name)

    return make


@pytest.fixture
def judged(publish) -> Callable[..., SimpleNamespace]:
    """``judged("first", catalog="a")``: a model, and what was published of one run over it."""

    def make(content: str, *, catalog: str, recall: float = 0.5) -> SimpleNamespace:
        def trained(folder: Path) -> dict:
            return {"version": make_model(folder / "model", content)}

        def paired(folder: Path) -> dict:
            (folder / "catalog").mkdir()
            (folder / "catalog" / "rows").write_text(catalog)
            return {}

        def evaluated(folder: Path) -> dict:
            make_report(folder / "report", version, recall=recall, catalog=catalog * 64)
            return {}

        model = publish(f"trained-{content}", trained)
        version = verify_model_folder(model / "model").version
        return SimpleNamespace(
            version=version,
            trained=model,
            paired=publish(f"paired-{catalog}", paired),
            evaluated=publish(f"evaluated-{content}-{catalog}-{recall}", evaluated),
        )

    return make
