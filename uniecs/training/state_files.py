"""Hidden states on disk: float16 memory maps, by content, that are only ever added to."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

LARGEST = 65504.0
"""Of float16; some towers have a few states beyond it."""

Half = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the tokens of one content stand."""

    shard: Half
    start: int
    tokens: int


class StateFiles:
    """Tokens [n, width] of each content, in shards of [tokens, width].

    A shard is named by what it holds and appears whole, by a rename: a kill leaves no part of one,
    and runs that write the same shard at once write the same.

    Args:
        folder: Of the shards.
        width: Numbers of one token.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self._folder = folder
        self._width = width
        self._places: dict[str, _Place] = {}
        self._opened: set[str] = set()
        self.refresh()

    def refresh(self) -> None:
        """See the shards that have been added, by this process or another."""
        for shard in sorted(self._folder.glob("*/lengths.json")):
            if shard.parent.name not in self._opened:
                self._open(shard.parent)

    def missing(self, contents: Iterable[str]) -> list[str]:
        """Those that no shard holds, each once."""
        return [content for content in dict.fromkeys(contents) if content not in self._places]

    def add(self, contents: Sequence[str], states: Iterable[npt.NDArray[np.float32]]) -> None:
        """Write one shard: the tokens [n, width] of each content, in that order."""
        name = sha256(json.dumps(contents).encode()).hexdigest()[:32]
        partial = self._folder / f".{name}.{os.getpid()}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        lengths = {}
        with (partial / "states.f16").open("wb") as stream:
            for content, tokens in zip(contents, states, strict=True):
                lengths[content] = len(tokens)
                stream.write(np.clip(tokens, -LARGEST, LARGEST).astype(np.float16).tobytes())
        (partial / "lengths.json").write_text(json.dumps(lengths))
        if (self._folder / name).exists():  # another process was faster
            shutil.rmtree(partial)
        else:
            partial.rename(self._folder / name)
        self.refresh()

    def take(self, contents: Sequence[str]) -> tuple[Half, npt.NDArray[np.int64]]:
        """Tokens [N, L, width], padded with zeros to the longest, and their mask [N, L]."""
        places = [self._places[content] for content in contents]
        longest = max((place.tokens for place in places), default=1)
        states = np.zeros((len(places), longest, self._width), np.float16)
        mask = np.zeros((len(places), longest), np.int64)
        for row, place in enumerate(places):
            states[row, : place.tokens] = place.shard[place.start : place.start + place.tokens]
            mask[row, : place.tokens] = 1
        return states, mask

    def _open(self, folder: Path) -> None:
        lengths: dict[str, int] = json.loads((folder / "lengths.json").read_text())
        shard = np.memmap(folder / "states.f16", np.float16, "r").reshape(-1, self._width)
        for (content, tokens), start in zip(lengths.items(), _starts(lengths), strict=True):
            self._places.setdefault(content, _Place(shard, start, tokens))
        self._opened.add(folder.name)


def _starts(lengths: dict[str, int]) -> Iterator[int]:
    start = 0
    for tokens in lengths.values():
        yield start
        start += tokens
