"""Is what we serve still what we trained on? Evidently reports that end in one verdict."""
