"""One file per arm and suite; each has a class ``Arm`` that the worker builds and runs.

Only the files of ours may import ``uniecs``: the peers' environment does not hold it.
"""
