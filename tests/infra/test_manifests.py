"""What no schema says: ports that exist, names that meet, limits and times that fit together."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from serving.config import MODEL_NAME, ServingConfig
from tests.infra.conftest import KUSTOMIZE

METRICS_PATH = "prometheus.kserve.io/path"
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
UNITS = {"": 1, "m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9} | {
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30,
}  # fmt: skip
SCHEMES = ("s3", "gs", "hdfs", "hf", "http", "https", "pvc", "file")


def quantity(text: str) -> Decimal:
    """A Kubernetes quantity as a number."""
    number, unit = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", text).groups()
    return Decimal(number) * UNITS[unit]


def ports(container) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container["ports"]}


def options(container) -> dict[str, str]:
    return dict(argument.split("=", 1) for argument in container["args"])


def test_no_object_is_tied_to_a_namespace(manifests) -> None:
    assert {m["metadata"].get("namespace") for m in manifests.values()} == {None}


def test_the_objects_find_each_other_by_name(manifests, predictor) -> None:
    runtime = manifests["ServingRuntime"]

    assert predictor["model"]["runtime"] == runtime["metadata"]["name"]
    assert predictor["model"]["modelFormat"] in runtime["spec"]["supportedModelFormats"]
    assert predictor["model"]["protocolVersion"] in runtime["spec"]["protocolVersions"]
    assert predictor["serviceAccountName"] == manifests["ServiceAccount"]["metadata"]["name"]


def test_the_service_has_the_name_of_the_model_in_every_url(manifests) -> None:
    assert manifests["InferenceService"]["metadata"]["name"] == MODEL_NAME


def test_kserve_finds_its_container_and_both_ports(manifests, container) -> None:
    annotations = manifests["InferenceService"]["metadata"]["annotations"]

    assert container["name"] == "kserve-container"
    assert [port["name"] for port in container["ports"]] == ["http", "grpc"]
    # Knative would refuse a second port
    assert annotations["serving.kserve.io/deploymentMode"] == "Standard"


def test_the_server_listens_where_the_ports_say_and_serves_what_storage_put_there(
    container,
) -> None:
    given = options(container)

    assert int(given["--http-port"]) == ports(container)["http"]
    assert int(given["--grpc-port"]) == ports(container)["grpc"]
    assert given["--host"] == "0.0.0.0"  # noqa: S104 - a pod is reached from outside
    assert given["--model"] == "/mnt/models"


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_asks_a_port_that_exists(probe: str, container) -> None:
    assert container[probe]["httpGet"]["port"] in ports(container)


def test_metrics_are_scraped_from_the_http_port(manifests, container) -> None:
    annotations = manifests["ServingRuntime"]["spec"]["annotations"]

    assert int(annotations["prometheus.kserve.io/port"]) == ports(container)["http"]


def test_the_server_answers_what_probes_and_scraping_ask(manifests, container) -> None:
    from kserve import ModelRepository

    from serving.application import FixedRepository, ProbingDataPlane, build_application

    models = ModelRepository()
    app = build_application(ProbingDataPlane(models), FixedRepository(models), ServingConfig())
    with TestClient(app) as client:
        asked = [container[probe]["httpGet"]["path"] for probe in PROBES]
        asked.append(manifests["ServingRuntime"]["spec"]["annotations"][METRICS_PATH])
        answers = {path: client.get(path).status_code for path in asked}

    assert answers == dict.fromkeys(["/v2/health/live", "/v2/health/ready", "/metrics"], 200)


def test_readiness_waits_as_long_as_the_server_gives_its_forward(container) -> None:
    assert container["readinessProbe"]["timeoutSeconds"] >= ServingConfig().probe_seconds


def test_a_large_model_has_minutes_to_load(container) -> None:
    probe = container["startupProbe"]

    assert probe["periodSeconds"] * probe["failureThreshold"] >= 300


def test_a_stopping_pod_is_given_the_time_its_requests_may_take(predictor, container) -> None:
    wait = container["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert predictor["terminationGracePeriodSeconds"] > wait + ServingConfig().drain_seconds


def test_requests_are_within_limits_and_threads_within_cores(container) -> None:
    requests, limits = container["resources"]["requests"], container["resources"]["limits"]
    environment = {entry["name"]: entry["value"] for entry in container["env"]}

    assert requests.keys() == limits.keys() == {"cpu", "memory"}
    for name, requested in requests.items():
        assert 0 < quantity(requested) <= quantity(limits[name])
    assert int(environment["OMP_NUM_THREADS"]) <= quantity(limits["cpu"])


def test_the_pod_runs_without_root_and_without_rights(predictor, container) -> None:
    pod, own = predictor["securityContext"], container["securityContext"]

    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] > 0
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own["allowPrivilegeEscalation"] is False
    assert own["readOnlyRootFilesystem"] is True
    assert own["capabilities"] == {"drop": ["ALL"]}


def test_only_mounted_volumes_are_declared_and_only_declared_ones_mounted(
    manifests, container
) -> None:
    declared = {volume["name"] for volume in manifests["ServingRuntime"]["spec"]["volumes"]}

    assert {mount["name"] for mount in container["volumeMounts"]} == declared


def test_there_is_at_least_one_replica_and_room_to_grow(predictor) -> None:
    assert 1 <= predictor["minReplicas"] <= predictor["maxReplicas"]


def test_storage_is_of_a_kind_that_kserve_can_fetch(predictor) -> None:
    scheme, _, rest = predictor["model"]["storageUri"].partition("://")

    assert scheme in SCHEMES
    assert rest


def test_staging_differs_in_replicas_storage_and_its_label_only(render) -> None:
    base, staging = render(KUSTOMIZE / "base"), render(KUSTOMIZE / "staging")
    uri = (KUSTOMIZE / "staging" / "release.env").read_text().strip().removeprefix("storageUri=")

    for manifest in staging.values():
        label = manifest["metadata"]["labels"].pop("app.kubernetes.io/instance")
        assert label == "uniecs-staging"
    after = staging["InferenceService"]["spec"]["predictor"]
    before = base["InferenceService"]["spec"]["predictor"]
    assert after["minReplicas"] > before["minReplicas"]
    assert after["maxReplicas"] > before["maxReplicas"]
    assert after["model"]["storageUri"] == uri != before["model"]["storageUri"]
    before |= {key: after[key] for key in ("minReplicas", "maxReplicas")}
    before["model"]["storageUri"] = uri
    assert staging == base


def test_an_overlay_can_name_the_registry_of_the_image(render, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    for path in (KUSTOMIZE / "base").iterdir():
        (base / path.name).write_text(path.read_text())
    image = {"name": "uniecs-predictor", "newName": "registry.example/team/predictor"}
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["../base"], "images": [image]})
    )

    container = render(overlay)["ServingRuntime"]["spec"]["containers"][0]

    assert container["image"].startswith("registry.example/team/predictor:")
