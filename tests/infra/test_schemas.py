"""Every custom object is what its CRD describes: no unknown field, no wrong type."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.infra.conftest import REPOSITORY

GROUP = "serving.kserve.io"


@pytest.fixture(scope="session")
def kserve_crds() -> dict[tuple[str, str], dict[str, Any]]:
    """KServe's schemas by apiVersion and kind, from crds/ beside the repository's shared data."""
    shared = Path(os.environ.get("UNIECS_TEST_SHARED", REPOSITORY.parent / "shared"))
    folders = sorted((shared / "crds").glob("kserve-*"))
    if not folders:
        pytest.skip(f"no CRDs of KServe at {shared / 'crds'}; set UNIECS_TEST_SHARED")
    schemas = {}
    for path in folders[-1].glob(f"*.{GROUP}.json"):
        spec = json.loads(path.read_text())["spec"]
        for version in spec["versions"]:
            key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
            schemas[key] = closed(version["schema"]["openAPIV3Schema"])
    return schemas


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as `kubectl apply` reads it: a field that it does not name is an error."""
    schema = copy.copy(schema)
    if "properties" in schema:
        schema["properties"] = {name: closed(s) for name, s in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            schema[key] = closed(schema[key])
    return schema


def problems(manifest: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema)
    return [
        f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(manifest)
    ]


@pytest.mark.parametrize("kind", ["ServingRuntime", "InferenceService"])
def test_the_object_fits_its_schema(kind: str, manifests, kserve_crds) -> None:
    manifest = manifests[kind]

    assert problems(manifest, kserve_crds[manifest["apiVersion"], kind]) == []


def test_a_misspelt_field_and_a_wrong_type_would_be_noticed(manifests, kserve_crds) -> None:
    manifest = copy.deepcopy(manifests["InferenceService"])
    manifest["spec"]["predictor"]["minReplica"] = 1
    manifest["spec"]["predictor"]["maxReplicas"] = "2"

    found = problems(manifest, kserve_crds[manifest["apiVersion"], "InferenceService"])

    assert len(found) == 2
    assert "minReplica" in found[0] + found[1]
    assert "$.spec.predictor.maxReplicas" in found[0] + found[1]
