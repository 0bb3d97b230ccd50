"""Checkpoints: tensors in safetensors, the rest in JSON, one atomic rename; never unpickled."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from uniecs.errors import ModelError

STATE = "state.json"
TENSORS = "tensors.safetensors"


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        epoch: Epoch under way, from 0.
        batch: Next batch of that epoch.
        step: Optimizer steps done.
        best: Best macro R@10 on val so far, and its epoch; -1 before the first validation.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: float = -1.0
    best_epoch: int = -1


def write_json(path: Path, value: Any) -> None:
    """Write JSON through a partial file and a rename."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
    partial.rename(path)


def save_checkpoint(
    folder: Path,
    modules: dict[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    state: dict[str, Any],
) -> None:
    """Write everything that the next step depends on; an older checkpoint stays until then."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tensors: dict[str, Tensor] = {"rng.torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["rng.cuda"] = torch.cuda.get_rng_state()
    for name, module in modules.items():
        tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
    optimizer_state = optimizer.state_dict()
    for index, values in optimizer_state["state"].items():
        tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(v) for key, v in values.items()}
    save_file(
        {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}, partial / TENSORS
    )
    (partial / STATE).write_text(json.dumps(state))
    _replace(partial, folder)


def load_checkpoint(
    folder: Path,
    modules: dict[str, nn.Module],
    optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    """Restore what ``save_checkpoint`` wrote and return its state.

    Raises:
        ModelError: When the checkpoint does not fit the run.
    """
    _finish_replacing(folder)
    tensors = load_file(folder / TENSORS)
    for name, module in modules.items():
        own = {
            k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")
        }
        try:
            module.load_state_dict(own, strict=True)
        except RuntimeError as error:
            raise ModelError(
                f"{folder} does not fit this run: {error}. Remove it, or give the old settings."
            ) from error
    _load_optimizer(optimizer, tensors)
    torch.set_rng_state(tensors["rng.torch"])
    if "rng.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["rng.cuda"])
    state: dict[str, Any] = json.loads((folder / STATE).read_text())
    return state


def has_checkpoint(folder: Path) -> bool:
    """Whether a whole checkpoint is there."""
    _finish_replacing(folder)
    return (folder / STATE).is_file()


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state = optimizer.state_dict()
    restored: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            restored.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": restored, "param_groups": state["param_groups"]})


def _replace(partial: Path, folder: Path) -> None:
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _finish_replacing(folder: Path) -> None:
    """A kill between the two renames leaves only the older checkpoint, under another name."""
    old = folder.with_name(folder.name + ".old")
    if not folder.exists() and old.exists():
        old.rename(folder)
