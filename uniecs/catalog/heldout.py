"""What training must never see: queries' texts and pictures, and pictures of val and test."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from uniecs.catalog.digests import file_digest
from uniecs.catalog.images import resolve_image
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import normalise_text
from uniecs.catalog.splits import split_of
from uniecs.errors import ImageError

QUOTED_WORDS = 5
"""A query of at least this many words that stands inside a description is a quotation of it."""


@dataclass(frozen=True)
class HeldOut:
    """Texts (normalised) and pictures (sha256) that no training pair may hold."""

    texts: frozenset[str]
    quotations: tuple[str, ...]
    pictures: frozenset[str]

    def holds_text(self, text: str) -> bool:
        """Whether the text is, or quotes, a query's text."""
        plain = normalise_text(text)
        return plain in self.texts or any(quotation in plain for quotation in self.quotations)


def held_out(catalog: Catalog, digests: "PictureDigests") -> HeldOut:
    """Collect what ``queries.jsonl`` names, and the indexed pictures of val and test."""
    texts = {normalise_text(query.text) for query in catalog.queries if query.text}
    pictures = {digests.of_path(query.image) for query in catalog.queries if query.image}
    pictures |= {
        digests.of(path)
        for product in catalog.products
        if split_of(product) != "train"
        for path in product.image_paths
    }
    return HeldOut(
        texts=frozenset(texts),
        quotations=tuple(sorted(t for t in texts if len(t.split()) >= QUOTED_WORDS)),
        pictures=frozenset(p for p in pictures if p),
    )


class PictureDigests:
    """sha256 of a catalog's pictures, each read once; empty for one that is missing or outside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, str] = {}

    def of(self, relative: str) -> str:
        """Digest of a picture named as in ``image_paths``."""
        try:
            return self.of_path(resolve_image(self._folder, relative))
        except ImageError:
            return ""

    def of_path(self, path: Path) -> str:
        """Digest of a picture by its full path."""
        if path not in self._known:
            self._known[path] = file_digest(path) if path.is_file() else ""
        return self._known[path]

    def distinct(self, paths: Iterable[str]) -> list[str]:
        """Paths in order, without missing files and without repeated contents."""
        seen: dict[str, str] = {}
        for path in paths:
            digest = self.of(path)
            if digest:
                seen.setdefault(digest, path)
        return list(seen.values())
