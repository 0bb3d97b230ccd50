"""Encoding of mixed lists of texts and pictures, batched by presence."""
