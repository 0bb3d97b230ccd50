"""Which precision a model computes in: by what the processor has, and what its vectors show."""

import logging

import torch

from uniecs.encoder.attention import HAS_BFLOAT16
from uniecs.inference.parity import ItemEncoder, compare, random_items

log = logging.getLogger(__name__)

FLOOR = 0.999
"""Smallest cosine between the vectors of an item in both precisions."""

BFLOAT16_FROM = (8, 0)
"""Compute capability of the first GPUs with bfloat16; torch imitates it, slowly, on older ones."""

PRODUCTS = 4
"""Made-up products whose views are looked at when a model is loaded."""

WORDS = ("red", "cotton", "shirt", "for", "men", "12", "blue", "steel", "kettle", "without", "lid")


def computes_bfloat16(device: torch.device) -> bool:
    """Whether a processor, or a GPU (from compute capability 8.0 on), has bfloat16 instructions.

    A fact and no measurement, so that a process that is run again computes the same bits.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= BFLOAT16_FROM
    return device.type == "cpu" and HAS_BFLOAT16


def agrees(encoder: ItemEncoder, narrow: ItemEncoder) -> bool:
    """Whether a model in bfloat16 gives nearly the vectors that it gives in float32."""
    found = compare(encoder, narrow, random_items(WORDS, seed=0, products=PRODUCTS), FLOOR)
    if not found.passed:
        log.warning(
            "in bfloat16 the vectors of this model are off (cosine %.4f, at least %.3f is wanted): "
            "it computes in float32",
            found.cosine["min"],
            FLOOR,
        )
    return found.passed
