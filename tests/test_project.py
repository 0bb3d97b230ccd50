"""The project installs the same anywhere: the lock is complete and names no machine."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parent.parent
LOCK = (REPOSITORY / "requirements.lock").read_text().splitlines()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def locked() -> dict[str, str]:
    pins = [line.split("#")[0].strip() for line in LOCK]
    return {
        canonicalize_name(name): version
        for name, version in (pin.split("==") for pin in pins if pin)
    }


def test_every_locked_line_is_one_exact_pin() -> None:
    pin = re.compile(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*$")

    assert [
        line for line in LOCK if line and not line.startswith("#") and not pin.match(line)
    ] == []


def test_the_lock_has_no_url_path_option_or_local_version() -> None:
    assert [line for line in LOCK if re.search(r"://|@|/|\+|^-", line.split("#")[0])] == []


def test_torch_is_pinned_without_a_local_tag() -> None:
    assert locked()["torch"] == "2.13.0"


def test_torchvision_has_no_build_for_this_torch_and_is_not_locked() -> None:
    assert "torchvision" not in locked()


# a binary of 250 MB that only slow tests start, and weights of 80 MB
UNLOCKED = {"milvus-server", "minilm"}


@pytest.mark.parametrize("extra", ["", *sorted({*PROJECT["optional-dependencies"]} - UNLOCKED)])
def test_the_lock_satisfies_the_requirements_of(extra: str) -> None:
    wanted = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    pins = locked()

    for requirement in map(Requirement, wanted):
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not locked"
        assert requirement.specifier.contains(version, prereleases=True), (requirement, version)


def test_no_tracked_file_names_the_machine_that_wrote_it() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    here = (str(REPOSITORY.parent), str(Path.home()))
    named = []
    for name in filter(None, tracked.stdout.split("\0")):
        text = (REPOSITORY / name).read_bytes() if (REPOSITORY / name).is_file() else b""
        named += [name for root in here if len(root) > 3 and f"{root}/".encode() in text]

    assert named == []


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (REPOSITORY / "LICENSE").read_text()

    assert "Apache License" in text
    assert "APPENDIX: How to apply the Apache License to your work" in text


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md"))]
)
def test_every_relative_link_of_a_page_leads_somewhere(page: str) -> None:
    folder = (REPOSITORY / page).parent
    links = re.findall(r"\]\(([^)#\s]+)", (REPOSITORY / page).read_text())

    assert [link for link in links if "://" not in link and not (folder / link).exists()] == []


def test_the_readme_shows_the_two_commands() -> None:
    text = (REPOSITORY / "README.md").read_text()

    assert "make demo" in text
    assert "make test" in text
