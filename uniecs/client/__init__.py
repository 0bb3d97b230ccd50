"""Client of the search API: ``SearchClient(url).search(text="red mug")``."""

from uniecs.client.result import Hit, SearchResult
from uniecs.client.search import SearchClient

__all__ = ["Hit", "SearchClient", "SearchResult"]
