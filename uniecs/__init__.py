"""UniECS: one encoder for product search by text, image or both, and what keeps it right."""

__version__ = "0.1.0"
