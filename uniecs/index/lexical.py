"""BM25 over catalog text: how text becomes terms, and an index of its own where Milvus has none.

Terms are made here for both, the server's BM25 and ours: it only counts what it is given. A
product's fields count by repetition of their terms, which is how BM25 weighs fields without
learning anything.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from uniecs.catalog.schema import Product, attribute_words

BM25_K1 = 1.2
BM25_B = 0.5

FIELD_WEIGHTS: Mapping[str, int] = {
    "title": 3,
    "brand": 3,
    "category": 3,
    "attributes": 3,
    "description": 1,
}
"""How often the terms of a field are counted: a description says much in passing."""

STOP_WORDS: frozenset[str] = frozenset(
    re.findall(
        r"\w+",
        """
        a an and are as at be but by for from i in is it its like looking me my need of on or same
        show so some such that the their these this those to version want was with you your
        """,
    )
)
"""Words that say nothing about a product, in a query or in a text."""

_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*", re.UNICODE)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def analyse(text: str) -> list[str]:
    """Terms of a text: folded, without stop words, stemmed; CJK runs as pairs of characters.

    A hyphenated word gives its parts and the whole, so that "T-shirt" meets "tshirt".

    Example:
        >>> analyse("The Red T-shirts for women")
        ['red', 'shirt', 'tshirt', 'women']
    """
    words: list[str] = []
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold()):
        words.extend(_parts(match.group()))
    return list(_stemmer().stemWords([word for word in words if word not in STOP_WORDS]))


def _parts(word: str) -> list[str]:
    if _CJK.search(word):
        runs = _CJK.findall(word)
        pairs = [run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1))]
        return pairs + [rest for rest in _CJK.split(word) if rest]
    pieces = re.split(r"[-'\u2019]", word)
    if len(pieces) == 1:
        return pieces
    return [piece for piece in pieces if len(piece) > 1] + ["".join(pieces)]


def document_terms(product: Product) -> list[str]:
    """Terms of a product, each as often as its field weighs."""
    fields = {
        "title": product.title,
        "brand": product.brand or "",
        "category": product.category,
        "attributes": attribute_words(product.attributes),
        "description": product.description,
    }
    return [
        term
        for name, text in fields.items()
        for term in analyse(text)
        for _ in range(FIELD_WEIGHTS[name])
    ]


class Bm25:
    """BM25 over the terms of a list of products, in memory or from a folder.

    Example:
        >>> index = Bm25.build(["a", "b"], [["red", "shoe"], ["blue", "shoe"]])
        >>> [product_id for product_id, _ in index.search(["red"], 2)]
        ['a']
    """

    def __init__(self, ids: Sequence[str], engine: Any) -> None:
        self.ids = list(ids)
        self._engine = engine

    @classmethod
    def build(cls, ids: Sequence[str], documents: Sequence[Sequence[str]]) -> "Bm25":
        """Index documents of terms."""
        import bm25s

        engine = bm25s.BM25(k1=BM25_K1, b=BM25_B)
        engine.index([list(terms) or [""] for terms in documents], show_progress=False)
        return cls(ids, engine)

    def scores(self, terms: Sequence[str]) -> np.ndarray:
        """[N] float32 scores in the order of ``ids``; a repeated term counts again."""
        known = [term for term in terms if term in self._engine.vocab_dict]
        if not known:
            return np.zeros(len(self.ids), np.float32)
        return np.asarray(self._engine.get_scores(known), np.float32)

    def search(
        self, terms: Sequence[str], top_k: int, allowed: np.ndarray | None = None
    ) -> list[tuple[str, float]]:
        """Best products with a score above 0.

        Args:
            terms: Analysed query.
            top_k: At most this many.
            allowed: [N] bool, products that a filter lets through.
        """
        scores = self.scores(terms)
        if allowed is not None:
            scores = np.where(allowed, scores, 0.0)
        order = np.argsort(-scores, kind="stable")[:top_k]
        return [(self.ids[i], float(scores[i])) for i in order if scores[i] > 0]

    def save(self, folder: Path) -> None:
        """Write the index to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._engine.save(str(folder), show_progress=False)
        (folder / "ids.json").write_text(json.dumps(self.ids), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Bm25":
        """Read an index from a folder; nothing in it is executed."""
        import bm25s

        engine = bm25s.BM25.load(str(folder), load_corpus=False, allow_pickle=False)
        return cls(json.loads((folder / "ids.json").read_text(encoding="utf-8")), engine)
