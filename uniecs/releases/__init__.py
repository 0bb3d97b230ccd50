"""Releases: a model version, its generation and its feature service, moved as one."""
