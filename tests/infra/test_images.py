"""The images, as far as they can be proved without an engine that builds them."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.infra.conftest import REPOSITORY

IMAGES = sorted((REPOSITORY / "infra" / "images").glob("*.Containerfile"))
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


@pytest.fixture(params=IMAGES, ids=lambda path: path.name.split(".")[0])
def image(request: pytest.FixtureRequest) -> Path:
    return request.param


def instructions(image: Path) -> list[tuple[str, str]]:
    """(keyword, rest) of each instruction; comments gone, continued lines joined."""
    lines = [line for line in image.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = (line.partition(" ") for line in text.splitlines() if line.strip())
    return [(keyword, rest.strip()) for keyword, _, rest in pairs]


def said(image: Path, keyword: str) -> list[str]:
    return [rest for word, rest in instructions(image) if word == keyword]


def copied(image: Path) -> list[str]:
    """What an image takes from the checkout."""
    copies = [rest.split() for rest in said(image, "COPY") if not rest.startswith("--from")]
    return [source for *sources, _ in copies for source in sources]


def installed_extras(image: Path) -> set[str]:
    found = re.search(r'"\.\[([a-z,]+)\]"', " ".join(said(image, "RUN")))
    assert found, "the image installs no extra of the project"
    return set(found[1].split(","))


@pytest.fixture
def image_tree(image: Path, tmp_path: Path) -> Path:
    """The files that the image holds, in one folder: nothing else of the checkout is there."""
    for source in copied(image):
        path = REPOSITORY / source
        if path.is_dir():
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, tmp_path / "app" / source, ignore=hidden)
        else:
            (tmp_path / "app").mkdir(exist_ok=True)
            shutil.copy(path, tmp_path / "app" / source)
    return tmp_path / "app"


def python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=tree, capture_output=True, text=True, check=False
    )


def test_there_is_an_image_for_steps_and_one_for_the_predictor() -> None:
    assert [path.name.split(".")[0] for path in IMAGES] == ["predictor", "steps"]


def test_everything_copied_exists_and_the_build_context_holds_exactly_that(image: Path) -> None:
    ignore = (REPOSITORY / ".dockerignore").read_text().splitlines()
    rules = [line for line in ignore if line and not line.startswith("#")]
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}

    assert rules[0] == "*", "the context is a list of what may come in"
    assert [source for source in copied(image) if not (REPOSITORY / source).exists()] == []
    assert set(copied(image)) <= allowed
    assert allowed == {source for path in IMAGES for source in copied(path)}


def test_every_stage_starts_from_the_slim_image_of_our_python(image: Path) -> None:
    assert {rest.split()[0] for rest in said(image, "FROM")} == {"python:3.11-slim"}


def test_nothing_is_taken_as_latest(image: Path, render) -> None:
    base = render(REPOSITORY / "infra" / "kustomize" / "base")
    served = base["ServingRuntime"]["spec"]["containers"][0]["image"]

    assert ":latest" not in image.read_text()
    assert served == f"uniecs-predictor:{PROJECT['version']}"
    assert re.findall(r"-t \S+:(\S+)", image.read_text()) == [PROJECT["version"]]


def test_the_image_does_not_run_as_root(image: Path) -> None:
    keywords = [keyword for keyword, _ in instructions(image)]
    user = said(image, "USER")[-1]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, for runAsNonRoot to be checkable"
    assert not {"RUN", "COPY", "ADD"} & set(keywords[keywords.index("USER") :])


def test_the_pod_runs_as_the_user_of_the_image(predictor) -> None:
    user, group = said(REPOSITORY / "infra/images/predictor.Containerfile", "USER")[-1].split(":")

    assert predictor["securityContext"]["runAsUser"] == int(user)
    assert predictor["securityContext"]["runAsGroup"] == int(group)


def test_every_install_is_bound_to_the_lock(image: Path) -> None:
    installs = [
        part.strip()
        for run in said(image, "RUN")
        for part in run.split("&&")
        if part.strip().startswith("pip install")
    ]

    assert installs
    for install in installs:
        assert "-c requirements.lock" in install or "--no-deps" in install, install


def test_every_package_that_the_extras_reach_is_locked(image: Path) -> None:
    lock = (REPOSITORY / "requirements.lock").read_text().splitlines()
    locked = {canonicalize_name(line.split("==")[0]) for line in lock if "==" in line}

    wanted = {"setuptools", *reached("uniecs", frozenset(installed_extras(image)), set())}

    assert {"torch", "kserve"} <= wanted
    assert wanted - locked == set()


def reached(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> set[str]:
    """The packages below one installed package, on this platform.

    What torch needs depends on the build that was installed: the lock holds the CPU's, and the
    packages of an accelerator come with its own.
    """
    if (name, extras) in seen or name == "torch":
        return set()
    seen.add((name, extras))
    found = set()
    for requirement in requirements(name, extras):
        child = canonicalize_name(requirement.name)
        found |= {child, *reached(child, frozenset(requirement.extras), seen)}
    return found


def requirements(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    for line in importlib.metadata.requires(name) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield requirement


AT_A_DESK = {"dev", "milvus-server", "minilm", "export", "tune", "sentence-transformers"}
"""Extras that no step of a pipeline needs."""


def test_the_steps_image_has_every_extra_that_runs_in_production() -> None:
    extras = installed_extras(REPOSITORY / "infra/images/steps.Containerfile")

    assert extras == set(PROJECT["optional-dependencies"]) - AT_A_DESK


@pytest.mark.parametrize("image", [IMAGES[0]], ids=["predictor"])
def test_the_predictor_starts_from_what_its_image_holds(image: Path, image_tree: Path) -> None:
    result = python(image_tree, "-m", "serving", "--help")

    assert result.returncode == 0, result.stderr
    assert "--model" in result.stdout
    assert said(image, "ENTRYPOINT") == ['["python", "-m", "serving"]']


@pytest.mark.parametrize("image", [IMAGES[1]], ids=["steps"])
def test_every_component_and_adapter_is_found_in_the_steps_image(
    image: Path, image_tree: Path
) -> None:
    names = [f"components.{path.stem}" for path in (image_tree / "components").glob("[a-z]*.py")]
    modules = ", ".join([*names, "pipelines.retraining", "serving.rollout", "monitoring.report"])
    check = f"import uniecs, {modules}; print(uniecs.__file__, monitoring.__file__)"

    result = python(image_tree, "-c", check)

    assert result.returncode == 0, result.stderr
    assert result.stdout.count(str(image_tree)) == 2
