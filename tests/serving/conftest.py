"""Real servers on loopback: in a thread for most tests, in a process for the command."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.config import ServingConfig
from serving.pointer import read_pointer
from serving.predictor.live import ServedModel, load_model
from serving.server import Followed, LocalServer
from serving.status import StatusFile
from tests.serving.running import FREE_PORTS, RunningServer
from uniecs.settings import Settings

Launch = Callable[..., RunningServer]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Start servers; all are stopped at the end of the test."""
    running = []

    def _launch(model: ServedModel, config: ServingConfig = FREE_PORTS, **more) -> RunningServer:
        one = RunningServer(LocalServer(model, config, **more))
        one.start()
        running.append(one)
        return one

    yield _launch
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def served(tiny_model: Path) -> ServedModel:
    return load_model(tiny_model)


@pytest.fixture(scope="session")
def server(served: ServedModel) -> Iterator[RunningServer]:
    """One server of the tiny model for all tests that only ask."""
    running = RunningServer(LocalServer(served, FREE_PORTS))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def other_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the same shape with other weights, so another version."""
    import torch

    from uniecs.encoder.folder import save_model_folder
    from uniecs.encoder.loading import load_model_folder

    model, processor, _ = load_model_folder(tiny_model)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(
                0.05 * torch.randn(weights.shape, generator=torch.Generator().manual_seed(1))
            )
    folder = tmp_path_factory.mktemp("other") / "model"
    save_model_folder(model, processor, folder, card="# Another\n")
    return folder


@pytest.fixture
def broken_model(tiny_model: Path, tmp_path: Path) -> Path:
    """A model folder whose weights were altered after it was written."""
    folder = tmp_path / "broken"
    shutil.copytree(tiny_model, folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    return folder


@pytest.fixture
def follow(settings: Settings, launch: Launch) -> Iterator[Callable[..., RunningServer]]:
    """Start a server that follows the release pointer of ``settings``."""
    status = StatusFile(settings)

    def _follow(config: ServingConfig = FREE_PORTS) -> RunningServer:
        pointer = read_pointer(settings)
        status.acquire()
        model = load_model(pointer.model_folder)
        return launch(model, config, followed=Followed(settings, pointer, status))

    yield _follow
    status.release()
