"""Seeded shoppers, for a loop that turns where no real shopper is. Its figures say so."""
