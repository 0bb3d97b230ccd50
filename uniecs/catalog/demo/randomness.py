"""Random numbers that depend on the seed and on what they are for, never on the order of work."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Choice = TypeVar("Choice")


def random_for(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator for one purpose: the same in every process and on every run.

    Example:
        >>> random_for(7, "model", 3).integers(100) == random_for(7, "model", 3).integers(100)
        True
    """
    name = "\0".join(str(part) for part in (seed, *purpose))
    return np.random.default_rng(np.frombuffer(hashlib.sha256(name.encode()).digest(), np.uint32))


def pick(rng: np.random.Generator, options: Sequence[Choice]) -> Choice:
    """One of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]
