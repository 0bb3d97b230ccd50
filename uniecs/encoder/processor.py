"""One processor for training, embedding and serving: pictures to pixels, texts to ids."""

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from transformers import BatchFeature, PreTrainedTokenizerBase
from transformers.models.vit import ViTImageProcessorPil
from transformers.processing_utils import ProcessorMixin

Pixels = npt.NDArray[np.uint8]


class UniECSProcessor(ProcessorMixin):
    """A picture is resized to one size (aspect ratio not kept) and normalised; a text is cut.

    Args:
        image_processor: Holds size, resampling, mean and standard deviation.
        tokenizer: Any fast tokenizer; ``model_max_length`` is where texts are cut.
    """

    def __init__(
        self,
        image_processor: ViTImageProcessorPil | None = None,
        tokenizer: PreTrainedTokenizerBase | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(image_processor, tokenizer, **kwargs)

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of a picture, px."""
        size = self.image_processor.size
        return int(size["height"]), int(size["width"])

    def pixels(self, image: Image.Image) -> Pixels:
        """Resize an RGB picture: [3, H, W] uint8. Training caches exactly this."""
        height, width = self.image_size
        resized = image.resize((width, height), self.image_processor.resample)
        return np.ascontiguousarray(np.asarray(resized, dtype=np.uint8).transpose(2, 0, 1))

    def normalise(self, pixels: Tensor) -> Tensor:
        """[N, 3, H, W] uint8 to float32 with the processor's mean and deviation."""
        mean = torch.tensor(self.image_processor.image_mean, device=pixels.device)
        deviation = torch.tensor(self.image_processor.image_std, device=pixels.device)
        factor = float(self.image_processor.rescale_factor) / deviation
        scaled = pixels.to(torch.float32, copy=True)  # changed in place: new memory costs most here
        scaled.mul_(factor[:, None, None]).sub_((mean / deviation)[:, None, None])
        return scaled

    def tokens(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Ids and mask [N, L], padded to the longest and cut at the tokenizer's limit."""
        encoded = self.tokenizer(texts, padding=True, truncation=True)
        ids, mask = (
            np.array(encoded[name], dtype=np.int64) for name in ("input_ids", "attention_mask")
        )  # as tensors at once they would be walked through three times, number by number
        return torch.from_numpy(ids), torch.from_numpy(mask)

    def __call__(
        self,
        text: list[str] | None = None,
        images: list[Image.Image] | None = None,
        **_kwargs: object,
    ) -> BatchFeature:
        """Model inputs of texts, pictures, or both (row by row)."""
        data: dict[str, Tensor] = {}
        if text is not None:
            data["input_ids"], data["attention_mask"] = self.tokens(text)
        if images is not None:
            stacked = np.stack([self.pixels(image) for image in images])
            data["pixel_values"] = self.normalise(torch.from_numpy(stacked))
        return BatchFeature(data)
