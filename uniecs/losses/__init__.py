"""Losses as pure functions of tensors, and the weighting of their families."""
