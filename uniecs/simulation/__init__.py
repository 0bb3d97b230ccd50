"""Seeded shoppers that search, click and buy."""
