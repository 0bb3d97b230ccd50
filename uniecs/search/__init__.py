"""Answering a request: encode, retrieve, fuse, join features."""
