"""Pipelines that read top to bottom as the DAG, and the ways to run them."""
