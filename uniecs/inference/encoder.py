"""The encoder as everyone uses it: a list of items in, vectors in the same order out."""

import copy
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from uniecs.catalog.images import ImageLimits, decode_image
from uniecs.catalog.presence import Presence
from uniecs.encoder.fusion import Stream
from uniecs.encoder.lengths import read_together
from uniecs.encoder.loading import load_model_folder
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import ImageError
from uniecs.inference.items import Encoded, Item, ItemError, unusable
from uniecs.inference.linear import use_onednn
from uniecs.inference.precision import agrees, computes_bfloat16
from uniecs.inference.sharing import picture_key, shared_batches
from uniecs.settings import Precision, Settings

DECODERS = 4
"""Threads that decode pictures of a batch; Pillow releases the interpreter lock."""

SPARED = 0.3
"""Share of a batch's tokens for which its texts are read in two passes instead of one."""

Pixels = npt.NDArray[np.uint8]
Source = bytes | Path | Image.Image
Key = TypeVar("Key", bound=Hashable)


class Encoder:
    """A loaded model that encodes lists of items of any presence.

    Thread-safe: nothing is kept between calls.

    Example:
        >>> encoder = Encoder.load(Path("run/model"))  # doctest: +SKIP
        >>> encoder.encode([Item("q", text="red mug")]).vectors.shape  # doctest: +SKIP
        (1, 256)
    """

    def __init__(
        self,
        model: UniECSModel,
        processor: UniECSProcessor,
        *,
        model_version: str,
        processor_digest: str,
        device: torch.device,
    ) -> None:
        self.model = model
        self.processor = processor
        self.model_version = model_version
        self.processor_digest = processor_digest
        self.dim: int = model.config.dim
        self.device = device
        self.limits = ImageLimits(draft_side=max(processor.image_size))

    @classmethod
    def load(
        cls, folder: Path, *, device: str | None = None, precision: Precision | None = None
    ) -> "Encoder":
        """Verify and load a model folder.

        Args:
            folder: A model folder.
            device: ``cpu`` or ``cuda``; a GPU where there is one by default.
            precision: Of weights and layers; vectors are float32 always. ``auto`` is bfloat16 on a
                CPU or GPU that computes it, if the model gives nearly the same vectors in it, and
                float32 otherwise. By default what the settings say, which is ``auto``.

        Raises:
            ModelError: When the folder was altered or is no UniECS model.
        """
        model, processor, manifest = load_model_folder(folder)
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.nn.Module.to(model, place, torch.float32)
        encoder = cls(
            model,
            processor,
            model_version=manifest.version,
            processor_digest=manifest.processor_digest,
            device=place,
        )
        wanted = precision or Settings().precision
        if wanted == "bfloat16" or (wanted == "auto" and computes_bfloat16(place)):
            narrow = encoder._in_bfloat16()
            if wanted == "bfloat16" or agrees(encoder, narrow):
                encoder = narrow
        if place.type == "cpu":
            use_onednn(encoder.model)
        return encoder

    @property
    def precision(self) -> str:
        """``float32`` or ``bfloat16``."""
        return str(self.model.dtype).removeprefix("torch.")

    def encode(
        self,
        items: Sequence[Item],
        *,
        batch_size: int = 64,
        progress: Callable[[int], None] | None = None,
    ) -> Encoded:
        """Encode items, each by the modalities that it has; text alone runs no image tower.

        Items that show the same picture or say the same words, such as the views of one product,
        share the pass of the tower.

        Args:
            items: N items; an item that cannot be encoded gets an error, the others a vector.
            batch_size: Distinct pictures, and distinct texts, per pass of a tower.
            progress: Called with the number of items just done.
        """
        encoded = Encoded(
            ids=[item.id for item in items],
            vectors=np.zeros((len(items), self.dim), dtype=np.float32),
            gates=np.zeros((len(items), 2), dtype=np.float32),
            errors=[unusable(item) for item in items],
        )
        usable = [row for row, error in enumerate(encoded.errors) if error is None]
        if progress:
            progress(len(items) - len(usable))
        for places in shared_batches([items[row] for row in usable], batch_size):
            rows = [usable[place] for place in places]
            self._encode_batch(items, rows, encoded)
            if progress:
                progress(len(rows))
        return encoded

    def _in_bfloat16(self) -> "Encoder":
        narrow = copy.copy(self)
        narrow.model = copy.deepcopy(self.model)
        torch.nn.Module.to(narrow.model, torch.bfloat16)
        return narrow

    def _encode_batch(self, items: Sequence[Item], rows: list[int], out: Encoded) -> None:
        decoded = self._decode({picture_key(items[row]): items[row].image for row in rows})
        pictures = {key: found for key, found in decoded.items() if isinstance(found, np.ndarray)}
        for row in rows:
            found = decoded.get(picture_key(items[row]))
            out.errors[row] = found if isinstance(found, ItemError) else None
        good = [row for row in rows if out.errors[row] is None]
        if not good:
            return
        chosen = [items[row] for row in good]
        with torch.inference_mode():
            image, text = self._image_stream(chosen, pictures), self._text_stream(chosen)
            vectors, gates = self.model.fuse(image, text, len(chosen)).to_tuple()
        out.vectors[good] = vectors.float().cpu().numpy()
        out.gates[good] = gates.float().cpu().numpy()

    def _image_stream(
        self, items: list[Item], pictures: Mapping[Hashable, Pixels]
    ) -> Stream | None:
        places = [place for place, item in enumerate(items) if Presence.IMAGE in item.presence]
        if not places:
            return None
        distinct, picked = _distinct([picture_key(items[place]) for place in places])
        stacked = torch.from_numpy(np.stack([pictures[key] for key in distinct])).to(self.device)
        pixels = self.processor.normalise(stacked).to(self.model.dtype)
        tokens = self.model.image_tokens(pixels).index_select(0, picked.to(self.device))
        return Stream(tokens, torch.tensor(places, device=self.device))

    def _text_stream(self, items: list[Item]) -> Stream | None:
        places = [place for place, item in enumerate(items) if Presence.TEXT in item.presence]
        if not places:
            return None
        distinct, picked = _distinct([items[place].text for place in places])
        ids, mask = self.processor.tokens(distinct)
        lots = read_together(self.model, mask, spared=SPARED)
        ids, mask, picked = (part.to(self.device) for part in (ids, mask, picked))
        tokens = self._read(ids, mask, lots).index_select(0, picked)
        rows = torch.tensor(places, device=self.device)
        return Stream(tokens, rows, mask.bool().index_select(0, picked))

    def _read(self, ids: Tensor, mask: Tensor, lots: list[tuple[Tensor, int]]) -> Tensor:
        """Tokens [n, L, width] of texts, zeros where a lot of short ones ends."""
        if len(lots) == 1:
            return self.model.text_tokens(ids, mask)
        parts = [self.model.text_tokens(ids[at, :length], mask[at, :length]) for at, length in lots]
        tokens = parts[0].new_zeros(*ids.shape, parts[0].shape[-1])
        for (at, length), part in zip(lots, parts, strict=True):
            tokens[at, :length] = part
        return tokens

    def _decode(self, sources: dict[Hashable, Source | None]) -> dict[Hashable, Pixels | ItemError]:
        """Each distinct picture once."""
        given = {key: source for key, source in sources.items() if source is not None}
        if len(given) < 2:
            return {key: self._decode_one(source) for key, source in given.items()}
        with ThreadPoolExecutor(DECODERS) as pool:
            return dict(zip(given, pool.map(self._decode_one, given.values()), strict=True))

    def _decode_one(self, source: Source) -> Pixels | ItemError:
        try:
            picture = (
                source if isinstance(source, Image.Image) else decode_image(source, self.limits)
            )
        except ImageError as error:
            return ItemError(error.code, str(error))
        return self.processor.pixels(picture.convert("RGB"))


def _distinct(keys: Sequence[Key]) -> tuple[list[Key], Tensor]:
    """Distinct keys in order of first appearance, and for each key its place among them [N]."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return list(numbers), torch.tensor([numbers[key] for key in keys])
