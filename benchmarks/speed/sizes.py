"""The towers that all arms build with random weights: one CLIP class, two sizes."""

from dataclasses import dataclass

CONTEXT = 77
"""Tokens that a CLIP text tower takes at most."""

HEAD_WIDTH = 64


@dataclass(frozen=True, slots=True)
class Size:
    """A ViT and a causal text transformer, as in CLIP.

    Attributes:
        embed_dim: Length of the peers' vectors.
        image_size: Side of a picture, px.
        dim: Length of our vector; ``fusion_*`` is our fusion as in the preset of this class.
        items: Items of one encoding trial.
    """

    name: str
    embed_dim: int
    image_size: int
    patch: int
    vision_width: int
    vision_layers: int
    text_width: int
    text_layers: int
    dim: int
    fusion_dim: int
    fusion_layers: int
    fusion_heads: int
    fusion_ffn: int
    items: int


SIZES = {
    size.name: size
    for size in (
        Size(
            name="small",
            embed_dim=256,
            image_size=96,
            patch=16,
            vision_width=256,
            vision_layers=4,
            text_width=256,
            text_layers=4,
            dim=256,
            fusion_dim=192,
            fusion_layers=1,
            fusion_heads=4,
            fusion_ffn=2,
            items=256,
        ),
        Size(
            name="vit-b-32",
            embed_dim=512,
            image_size=224,
            patch=32,
            vision_width=768,
            vision_layers=12,
            text_width=512,
            text_layers=12,
            dim=256,
            fusion_dim=256,
            fusion_layers=3,
            fusion_heads=8,
            fusion_ffn=4,
            items=64,
        ),
    )
}
