"""Run a step once: key, partial path, rename, manifest."""
