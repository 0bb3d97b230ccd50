"""MLflow's aliases and tags follow the stages, so that MLflow's own UI and URIs show them."""

import logging

from uniecs.errors import UniECSError
from uniecs.registry.ledger import Board, StageLedger
from uniecs.registry.mlflow_store import MlflowStore
from uniecs.registry.stages import STAGES

_LOG = logging.getLogger(__name__)
_UNSHOWN = ("none", "archived")  # an alias names one version, these stages hold many


def mirrored_board(ledger: StageLedger, store: MlflowStore) -> Board:
    """The stages now, after MLflow was told of changes that it does not show yet.

    A process that is killed between a change and its mirroring leaves the rest to the next call;
    so does an MLflow server that does not answer.
    """
    while (board := ledger.unmirrored()) is not None:
        try:
            _show(board, store)
        except UniECSError as error:
            _LOG.warning(
                "MLflow does not show the stages yet; the next call tries again: %s", error
            )
            break
        ledger.mark_mirrored(board)
    return ledger.board()


def _show(board: Board, store: MlflowStore) -> None:
    numbers: dict[str | None, int] = {}
    for stored in store.versions():
        numbers[stored.version] = stored.number
        store.set_tags(stored, {"stage": board.stage(stored.version)})
    store.set_aliases(
        {stage: numbers.get(board.latest(stage)) for stage in STAGES if stage not in _UNSHOWN}
    )
