"""What frozen towers say of a run's pictures and texts, asked once and kept for later runs.

Pictures are not cropped or re-lit anew each time, as they are where towers learn. Each is kept as
it is and as one changed copy, so that a query that stands for a copy of its candidate's picture
never is that very picture.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from uniecs.catalog.pairs import Side
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.encoder.side import SideNetwork
from uniecs.training.batches import Batcher, Plan
from uniecs.training.distributed import ALONE, Processes
from uniecs.training.history import Note
from uniecs.training.pixels import NOISE, PixelStore, augment
from uniecs.training.state_files import StateFiles

ROWS = 64
"""Pictures or texts that a tower is asked about at once."""


class FrozenStates:
    """Hidden states of the towers of a model with side networks.

    Args:
        folder: Where they are kept, by what the towers and the processor are.
        model: Whose towers are asked.
        processor: Of the model.
        pixels: Pictures of the run.
        digest: Path of a picture -> sha256 of its bytes.
        world: The processes that train together; the first one asks and writes.
        note: Told about progress.
    """

    def __init__(
        self,
        folder: Path,
        model: UniECSModel,
        processor: UniECSProcessor,
        pixels: PixelStore,
        digest: Callable[[str], str],
        *,
        world: Processes = ALONE,
        note: Note | None = None,
    ) -> None:
        self._model = model
        self._processor = processor
        self._pixels = pixels
        self._digest = digest
        self._world = world
        self._note = note or (lambda _kind, _values: None)
        seen, read = _picture_settings(processor), _text_settings(processor)
        vision = folder / tower_digest(model.vision, model.config.vision_config, seen)
        text = folder / tower_digest(model.text, model.config.text_config, read)
        self._pictures = StateFiles(vision, _width(model.side_image))
        self._texts = StateFiles(text, _width(model.side_text))

    def look(self, paths: Iterable[str]) -> None:
        """Ask the vision tower about the pictures that it was not asked about, and a copy of each.

        Paths that hold no readable picture are left out.
        """
        by_key = {
            self._key(path, copied=copied): (path, copied)
            for path in sorted(paths)
            if path in self._pixels
            for copied in (False, True)
        }
        self._add(
            self._pictures, sorted(by_key), lambda keys: self._seen([by_key[k] for k in keys])
        )

    def read(self, texts: Iterable[str]) -> None:
        """Ask the text tower about the texts that it was not asked about."""
        wanted = sorted({text for text in texts if text}, key=lambda text: (len(text), text))
        self._add(self._texts, wanted, self._words)

    def of_pictures(self, sides: Sequence[Side]) -> Tensor:
        """[N, P, widths] float16 of the sides' pictures, or of their copies."""
        keys = [self._key(side.image, copied=side.copy_seed is not None) for side in sides]
        return torch.from_numpy(self._pictures.take(keys)[0])

    def of_texts(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """[N, L, widths] float16 of the texts' tokens, and their mask [N, L]."""
        states, mask = self._texts.take(texts)
        return torch.from_numpy(states), torch.from_numpy(mask)

    def _key(self, path: str, *, copied: bool) -> str:
        return self._digest(path) + ("-copy" if copied else "")

    def _add(
        self,
        files: StateFiles,
        keys: list[str],
        ask: Callable[[list[str]], Iterator[npt.NDArray[np.float32]]],
    ) -> None:
        """Write what is missing, in the first process alone."""
        if self._world.first and (missing := files.missing(keys)):
            files.add(missing, self._asked(missing, ask))
        self._world.wait()
        files.refresh()

    def _asked(
        self,
        keys: list[str],
        ask: Callable[[list[str]], Iterator[npt.NDArray[np.float32]]],
    ) -> Iterator[npt.NDArray[np.float32]]:
        for start in range(0, len(keys), ROWS):
            part = keys[start : start + ROWS]
            with torch.inference_mode():
                yield from ask(part)
            self._note("states", {"done": start + len(part), "total": len(keys)})

    def _seen(self, pictures: list[tuple[str, bool]]) -> Iterator[npt.NDArray[np.float32]]:
        pixels = self._pixels.take([path for path, _ in pictures])
        copied = torch.tensor([copied for _, copied in pictures])
        noise = torch.stack([_noise(self._digest(path)) for path, _ in pictures])
        pixels[copied] = augment(pixels[copied], copied[copied], noise[copied])
        normal = self._processor.normalise(pixels.to(self._model.device)).to(self._model.dtype)
        states = self._model.image_states(normal.contiguous(memory_format=torch.channels_last))
        yield from states.float().cpu().numpy()

    def _words(self, texts: list[str]) -> Iterator[npt.NDArray[np.float32]]:
        ids, mask = (part.to(self._model.device) for part in self._processor.tokens(texts))
        states = self._model.text_states(ids, mask).float()
        for tokens, valid in zip(states, mask.bool(), strict=True):
            yield tokens[valid].cpu().numpy()


class CachedBatcher(Batcher):
    """A batcher whose inputs are hidden states in place of pixels and tokens."""

    def __init__(self, states: FrozenStates, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._states = states

    def _pictures(self, plan: Plan, rows: list[int]) -> Tensor:
        return self._look([plan.sides[row] for row in rows])

    def _look(self, sides: Sequence[Side]) -> Tensor:
        return self._states.of_pictures(sides)

    def _read(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        return self._states.of_texts(texts)


def tower_digest(tower: nn.Module, config: Any, settings: dict[str, Any]) -> str:
    """Content id of a tower, and of how its inputs are prepared."""
    own = {key: value for key, value in config.to_dict().items() if key not in _NAMES}
    found = sha256(json.dumps([own, settings], sort_keys=True, default=str).encode())
    for name, value in sorted(tower.state_dict().items()):
        found.update(name.encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:32]


_NAMES = ("_name_or_path", "transformers_version", "architectures", "dtype", "torch_dtype")
"""Of a tower's config, what says nothing of what it computes."""


def _width(side: nn.Module) -> int:
    """Numbers of one token's states."""
    if not isinstance(side, SideNetwork):
        raise TypeError("the model has no side networks: its towers are not frozen")
    return sum(side.widths)


def _picture_settings(processor: UniECSProcessor) -> dict[str, Any]:
    images = processor.image_processor
    names = ("size", "resample", "image_mean", "image_std", "rescale_factor")
    return {name: getattr(images, name) for name in names}


def _text_settings(processor: UniECSProcessor) -> dict[str, Any]:
    words = json.loads(processor.tokenizer.backend_tokenizer.to_str())
    fixed = {name: value for name, value in words.items() if name not in ("truncation", "padding")}
    return {"tokenizer": fixed, "longest": processor.tokenizer.model_max_length}


def _noise(digest: str) -> Tensor:
    """How the copy of a picture differs from it: always the same."""
    generator = torch.Generator().manual_seed(int(digest[:15], 16))
    return torch.rand(NOISE, generator=generator)
