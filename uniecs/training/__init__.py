"""Training: batches, the loop, checkpoints, and what it logs."""
