"""Processes that torchrun started: which device and which library each of them takes."""

from typing import Any

import pytest
import torch
import torch.distributed as dist

from uniecs.training.distributed import ALONE, Processes, processes


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is asked of torch, by a process that torchrun started as the third of its node."""
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setenv("LOCAL_RANK", "2")
    monkeypatch.setattr(dist, "is_torchelastic_launched", lambda: True)
    monkeypatch.setattr(
        dist, "init_process_group", lambda *given, **named: asked.append((*given, named))
    )
    monkeypatch.setattr(dist, "get_rank", lambda: 6)
    monkeypatch.setattr(dist, "get_world_size", lambda: 8)
    monkeypatch.setattr(dist, "destroy_process_group", lambda: asked.append(("left",)))
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: asked.append((device,)))
    return asked


def test_each_process_takes_its_own_gpu_before_it_joins(
    joined: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    own = torch.device("cuda", 2)

    with processes() as world:
        assert world == Processes(6, 8)

    assert joined == [(own,), ("nccl", {"device_id": own}), ("left",)]


def test_without_gpus_processes_talk_over_gloo(
    joined: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with processes() as world:
        assert not world.first

    assert joined == [("gloo", {}), ("left",)]


def test_a_process_that_torchrun_did_not_start_is_alone() -> None:
    with processes() as world:
        assert world is ALONE
