"""Validation of a catalog: facts of every row and picture, checks, quarantine, report."""

from uniecs.catalog.validation.config import ValidationConfig
from uniecs.catalog.validation.outcome import Check, ValidationReport
from uniecs.catalog.validation.validating import validate_catalog

__all__ = ["Check", "ValidationConfig", "ValidationReport", "validate_catalog"]
