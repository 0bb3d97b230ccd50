from tests.uniecs.registry.fixtures import *  # noqa: F403 - fixtures must be named here
