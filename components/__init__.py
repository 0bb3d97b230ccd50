"""Thin Kubeflow components, one per file: parse, one library call, publish, return."""
