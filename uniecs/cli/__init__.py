"""The ``uniecs`` command, one file per group of verbs."""
