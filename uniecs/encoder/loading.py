"""From a verified model folder to a model and its processor."""

from pathlib import Path

from safetensors import SafetensorError
from transformers import AutoModel, AutoProcessor
from transformers.utils import logging

from uniecs.encoder.folder import ModelManifest, verify_model_folder
from uniecs.encoder.model import UniECSModel, register_auto_classes
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import ModelError


def load_model_folder(folder: Path) -> tuple[UniECSModel, UniECSProcessor, ModelManifest]:
    """Verify, then load; the model is in evaluation mode and float32.

    Raises:
        ModelError: When the folder was altered or does not hold a UniECS model.
    """
    manifest = verify_model_folder(folder)
    register_auto_classes()
    logging.disable_progress_bar()
    try:
        model, loaded = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be loaded: {error}") from error
    if not isinstance(model, UniECSModel) or not isinstance(processor, UniECSProcessor):
        raise ModelError(f"{folder} holds a {type(model).__name__}, not a UniECS encoder.")
    if strange := sorted({*loaded["missing_keys"], *loaded["unexpected_keys"]}):
        raise ModelError(
            f"{folder}: {len(strange)} weights are not those of this version's encoder, first "
            f"{strange[0]!r}; train the model again, or use the version of UniECS that wrote it."
        )
    model.eval()
    return model, processor, manifest
