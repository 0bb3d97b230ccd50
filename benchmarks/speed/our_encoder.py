"""Our encoder on the CLIP towers that the peers have, with the fusion of the preset's class."""

from benchmarks.speed.inputs import Inputs
from benchmarks.speed.sizes import CONTEXT, Size
from benchmarks.speed.towers import clip_folder
from uniecs.encoder.build import build_encoder
from uniecs.encoder.choices import EncoderConfig, TowerChoice
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor


def build(size: Size, inputs: Inputs) -> tuple[UniECSModel, UniECSProcessor]:
    """Model and processor."""
    source = str(clip_folder(size, inputs))
    config = EncoderConfig(
        vision=TowerChoice(source=source),
        text=TowerChoice(source=source),
        image_size=size.image_size,
        max_text_tokens=CONTEXT,
        dim=size.dim,
        fusion_dim=size.fusion_dim,
        fusion_layers=size.fusion_layers,
        fusion_heads=size.fusion_heads,
        fusion_ffn=size.fusion_ffn,
    )
    return build_encoder(config, [], seed=0)
