"""Generations of vectors in Milvus: build, verify, swap, roll back; filters."""
