"""The manifests as ``kubectl kustomize`` renders them; no cluster is asked."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
KUSTOMIZE = REPOSITORY / "infra" / "kustomize"
Manifest = dict[str, Any]
Render = Callable[[Path], dict[str, Manifest]]


@pytest.fixture(scope="session")
def render() -> Render:
    """Renders a folder to its objects by kind; every kind stands there once."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl on PATH; install kubectl 1.24 or later to check the manifests")
    version = subprocess.run(
        [kubectl, "version", "--client", "-o", "json"], capture_output=True, text=True, check=True
    )
    if "kustomizeVersion" not in json.loads(version.stdout):
        pytest.skip("this kubectl is older than 1.24, and its kustomize knows no `labels`")

    def rendered(folder: Path) -> dict[str, Manifest]:
        result = subprocess.run(
            [kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        assert result.stderr == "", "kustomize warns"
        objects = list(yaml.safe_load_all(result.stdout))
        by_kind = {manifest["kind"]: manifest for manifest in objects}
        assert len(by_kind) == len(objects)
        return by_kind

    return rendered


@pytest.fixture(scope="session", params=["base", "staging"])
def manifests(request: pytest.FixtureRequest, render: Render) -> dict[str, Manifest]:
    """The rendered objects by kind, of the base and of each overlay."""
    return render(KUSTOMIZE / request.param)


@pytest.fixture
def predictor(manifests: dict[str, Manifest]) -> Manifest:
    """``spec.predictor`` of the InferenceService."""
    return manifests["InferenceService"]["spec"]["predictor"]


@pytest.fixture
def container(manifests: dict[str, Manifest]) -> Manifest:
    """The container that serves."""
    return manifests["ServingRuntime"]["spec"]["containers"][0]
