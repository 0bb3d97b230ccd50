"""Products: schema, reading, safe pictures, digests, splits, pairs, validation, demo catalog."""
