"""How every component is declared: Python 3.11, and nothing installed when it starts."""

import functools

from kfp import dsl

component = functools.partial(dsl.component, base_image="python:3.11", install_kfp_package=False)
"""``dsl.component`` of this project; clusters replace the image, which holds ``uniecs``."""
