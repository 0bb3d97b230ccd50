"""The gated encoder: config, towers, fusion, model, processor, model folder."""
