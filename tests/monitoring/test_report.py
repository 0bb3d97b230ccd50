"""A whole report: verdict, pages, workspace and exit codes."""

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitoring.__main__ import app
from monitoring.report import ReportSpec, make_report
from monitoring.workspace import PROJECT, SIMULATED, workspace_dir
from uniecs.catalog.reading import Catalog
from uniecs.errors import CatalogError, EventError, GateRefused
from uniecs.settings import Settings
from uniecs.simulation.config import SimulationConfig
from uniecs.simulation.shoppers import simulate

CHECKS = {
    "presence", "department", "category", "brand", "lang", "currency", "price_USD",
    "text_length", "attributes", "image_pixels", "invalid_rows", "embedding_auc",
    "embedding_mmd", "gate_image",
}  # fmt: skip


@pytest.fixture(scope="session")
def simulated_events(may: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    catalog = Catalog(may)
    ids = [product.product_id for product in catalog.products]
    events = simulate(
        catalog,
        lambda queries, k: [
            [(id_, 0.0) for id_ in [str(query.source_product_id), *ids][:k]] for query in queries
        ],
        SimulationConfig(sessions=600, top_k=5),
    )
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    path.write_text("\n".join(event.model_dump_json() for event in events))
    return path


def test_a_report_on_the_same_distribution_is_healthy_and_complete(
    may: Path, june: Path, tiny_model: Path, settings: Settings, tmp_path: Path
) -> None:
    verdict = make_report(ReportSpec(may, june, tmp_path, str(tiny_model)), settings)

    written = json.loads((tmp_path / "verdict.json").read_text())
    assert written == verdict.model_dump()
    assert (written["verdict"], written["reasons"], written["simulated"]) == ("healthy", [], False)
    assert written["samples"].keys() == CHECKS
    assert set(written["samples"].values()) == {130}
    page = (tmp_path / "index.html").read_text()
    assert "Healthy: all 14 checks" in page
    assert {"catalog.html", "embeddings.html"} == set(re.findall(r'href="([^"]+)"', page))
    for path in tmp_path.glob("*.html"):  # pages load nothing from elsewhere
        assert not re.search(r'<(script|img|iframe)[^>]+src="(?!data:)', path.read_text()), path
        assert not re.search(r'<link[^>]+href="http', path.read_text()), path


def test_dearer_products_are_drift_and_the_page_says_so_first(
    may: Path, dear_june: Path, tiny_model: Path, settings: Settings, tmp_path: Path
) -> None:
    verdict = make_report(ReportSpec(may, dear_june, tmp_path, str(tiny_model)), settings)

    assert verdict.verdict == "drifted"
    assert [reason.check for reason in verdict.reasons] == ["price_USD"]
    page = (tmp_path / "index.html").read_text()
    assert page.index("Drifted: 1 check") < page.index("Median price in USD") < page.index("<svg")


def test_without_any_model_the_verdict_is_withheld(
    may: Path, june: Path, settings: Settings, tmp_path: Path
) -> None:
    verdict = make_report(ReportSpec(may, june, tmp_path), settings)

    assert verdict.verdict == "insufficient_data"
    assert [reason.check for reason in verdict.reasons] == ["embeddings"]


def test_simulated_figures_are_labelled_and_kept_apart(
    may: Path, june: Path, tiny_model: Path, simulated_events: Path, settings: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    from evidently.ui.workspace import Workspace

    spec = ReportSpec(may, june, tmp_path, str(tiny_model), simulated_events)
    verdict = make_report(spec, settings)

    assert verdict.simulated
    assert verdict.samples.keys() >= {"ctr", "revenue_USD"}
    page = (tmp_path / "index.html").read_text()
    assert "Online (simulated)" in page
    evidently = (tmp_path / "online.html").read_text()
    assert "Click-through rate (simulated)" in evidently
    assert "Revenue per shopper in USD, net of returns (simulated)" in evidently
    workspace = Workspace.create(workspace_dir(settings).as_posix())
    projects = {project.name: project for project in workspace.list_projects()}
    titles = {
        name: {panel.title for panel in project.dashboard.model().panels}
        for name, project in projects.items()
    }
    assert titles[SIMULATED] == {"Click-through rate", "Revenue in USD"}
    assert not titles[SIMULATED] & titles[PROJECT]
    assert "Price in USD" in titles[PROJECT]
    runs = {name: len(workspace.list_runs(project.id)) for name, project in projects.items()}
    assert runs == {PROJECT: 3, SIMULATED: 2}


def test_unusable_input_is_an_error_and_leaves_no_verdict(
    may: Path, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "verdict.json").write_text('{"verdict": "healthy"}')
    (tmp_path / "events.jsonl").write_text("{")

    with pytest.raises(CatalogError, match="absent"):
        make_report(ReportSpec(may, tmp_path / "absent", tmp_path), settings)
    with pytest.raises(EventError, match="not JSON"):
        make_report(ReportSpec(may, may, tmp_path, events=tmp_path / "events.jsonl"), settings)

    assert not (tmp_path / "verdict.json").exists()


def test_fail_on_drifted_refuses_a_drifted_catalog_only(
    may: Path, dear_june: Path, tmp_path: Path
) -> None:
    def call(current: Path, *more: str) -> object:
        arguments = ["report", "--reference", str(may), "--current", str(current)]
        return CliRunner().invoke(app, [*arguments, "--report", str(tmp_path / "out"), *more])

    refused = call(dear_june, "--fail-on", "drifted")
    assert isinstance(refused.exception, GateRefused)
    assert refused.exception.exit_code == 1
    withheld = call(may, "--fail-on", "drifted", "--json")
    assert withheld.exit_code == 0
    assert json.loads(withheld.stdout)["verdict"] == "insufficient_data"
    assert call(may, "--fail-on", "healthy").exit_code == 2


def test_the_help_page_imports_nothing_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from monitoring.__main__ import app; "
        "assert CliRunner().invoke(app, ['report', '--help']).exit_code == 0; "
        "print([m for m in ('evidently', 'pandas', 'torch', 'sklearn') if m in sys.modules])"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert result.stdout.strip() == "[]"


@pytest.mark.slow
def test_the_dashboard_serves_its_projects(tmp_path: Path, may: Path, june: Path) -> None:
    import httpx

    home = tmp_path / "home"
    make_report(ReportSpec(may, june, tmp_path / "out"), Settings(home=home))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "monitoring", "dashboard", "--port", str(port)],
        cwd=Path(__file__).parents[2], env={"UNIECS_HOME": str(home), "PATH": ""},
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                projects = httpx.get(f"http://127.0.0.1:{port}/api/projects").json()
                break
            except httpx.TransportError:
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
    finally:
        server.terminate()
        server.wait(30)

    assert [project["name"] for project in projects] == [PROJECT]
