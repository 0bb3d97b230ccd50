"""Put model, generation and features live as one release."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from uniecs.loop.performing import LoopSpec, Report, Step, loop_step
from uniecs.releases.pointer_file import pointer_file
from uniecs.settings import Settings
from uniecs.steps import StepOutput
from uniecs.steps.durability import write_durably

if TYPE_CHECKING:
    from uniecs.releases import ReleaseStore


class DeploySpec(LoopSpec):
    """The three parts of the release."""

    model_version: str
    generation: str
    feature_service: str


class RollOut(Protocol):
    """Moves the release pointer with proof that the model serves; a failure keeps the old."""

    def __call__(
        self,
        settings: Settings,
        *,
        model_folder: Path,
        model_version: str,
        point: Callable[[], object],
        undo: Callable[[], object],
    ) -> Any:
        """Return a report that has ``model_dump``; see ``serving.rollout.deploy_release``."""


def run(spec: DeploySpec, settings: Settings, roll_out: RollOut) -> StepOutput:
    """Compose the release and make it live.

    Args:
        spec: The parts.
        settings: Installation.
        roll_out: How this installation serves; serving is an adapter, so it is handed in.

    Raises:
        GateRefused: When the model is not in production.
        ModelError: When the model cannot be served; the release before stays live.
    """

    @loop_step("deploy")
    def deploy(spec: DeploySpec, settings: Settings) -> Step:
        return Step(
            inputs={},
            config=spec.model_dump(exclude={"run_id"}),
            code=[
                "serving",
                "uniecs.releases",
                "uniecs.registry",
                "uniecs.index",
                "uniecs.inference",
                "uniecs.encoder",
                "uniecs.catalog",
            ],
            work=lambda folder: _work(spec, settings, roll_out, folder),
            headline=_headline,
            still_valid=lambda output: live_release(settings) == output.report["release"],
        )

    return deploy(spec, settings)


def live_release(settings: Settings) -> str | None:
    """Id of the release that the pointer file names."""
    try:
        return str(json.loads(pointer_file(settings).read_bytes())["release_id"])
    except (OSError, ValueError, KeyError):
        return None


def _work(spec: DeploySpec, settings: Settings, roll_out: RollOut, folder: Path) -> dict[str, Any]:
    from uniecs.index.generations import GenerationStore
    from uniecs.releases import ReleaseStore

    store = ReleaseStore(settings, actor="pipeline")
    generation = GenerationStore(settings).get(spec.generation)
    release = store.compose(spec.model_version, generation, spec.feature_service)
    with _live_before(store, folder) as before:

        def undo() -> None:
            if before != release.release_id:  # else it was live before this step
                store.rollback(expected=release.release_id)

        proof = roll_out(
            settings,
            model_folder=store.registry.get(spec.model_version).folder,
            model_version=spec.model_version,
            point=lambda: store.deploy(release.release_id),
            undo=undo,
        )
    return {"release": release.release_id, "rollout": proof.model_dump(mode="json")}


@contextmanager
def _live_before(store: "ReleaseStore", folder: Path) -> Iterator[str]:
    """Which release was live when the step began; a killed step still knows when it goes on."""
    note = folder / ".live-before"
    if not note.exists():
        live = store.live()
        write_durably(note, (live.release_id if live else "").encode())
    try:
        yield note.read_text()
    finally:
        note.unlink()


def _headline(report: Report) -> str:
    check = report["rollout"]["check"]
    return (
        f"release {report['release']} is live; one request over V1 {check['v1_ms']:.0f} ms, "
        f"over V2 {check['v2_ms']:.0f} ms ({report['rollout']['server']} server)"
    )
