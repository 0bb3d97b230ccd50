"""Measurements of this repository; each folder is one harness."""
