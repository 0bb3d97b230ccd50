"""BM25 for a generation: computed by Milvus where it can, else by an index of our own.

Our own index is made from the rows of the generation, once, and kept under
``UNIECS_HOME/index/GENERATION``; filters are applied to it by their Python twin.
"""

import json
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from uniecs.index.expressions import expression
from uniecs.index.filter_tree import Filter
from uniecs.index.ledger import Generation
from uniecs.index.lexical import Bm25
from uniecs.index.milvus import Hit, Milvus
from uniecs.index.predicates import matches
from uniecs.index.schema import Row
from uniecs.settings import Settings

FIELDS: tuple[str, ...] = ("title", "brand", "category", "price", "has_price")
"""Columns that an answer needs."""

KEPT = 2


class Lexicon:
    """BM25 over generations."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded: dict[str, tuple[Bm25, list[Row]]] = {}
        self._lock = threading.Lock()

    def search(
        self,
        milvus: Milvus,
        generation: Generation,
        terms: Sequence[str],
        *,
        top_k: int,
        where: Filter | None,
    ) -> list[Hit]:
        """Best products of a generation for analysed terms; a repeated term weighs more."""
        if not terms:
            return []
        tenant = generation.tenant
        if milvus.capabilities.bm25:
            return milvus.lexical(
                generation.collection,
                " ".join(terms),
                top_k=top_k,
                expression=expression(where, tenant=tenant),
                fields=FIELDS,
            )
        index, rows = self._index(milvus, generation)
        allowed = np.array([matches(where, row, tenant=tenant) for row in rows])
        place = {product_id: position for position, product_id in enumerate(index.ids)}
        return [
            Hit(product_id, score, {n: getattr(rows[place[product_id]], n) for n in FIELDS})
            for product_id, score in index.search(terms, top_k, allowed)
        ]

    def _index(self, milvus: Milvus, generation: Generation) -> tuple[Bm25, list[Row]]:
        with self._lock:
            if generation.id not in self._loaded:
                while len(self._loaded) >= KEPT:
                    self._loaded.pop(next(iter(self._loaded)))
                self._loaded[generation.id] = self._open(milvus, generation)
            return self._loaded[generation.id]

    def _open(self, milvus: Milvus, generation: Generation) -> tuple[Bm25, list[Row]]:
        folder = self._settings.root / "index" / generation.id / "bm25"
        if not (folder / "rows.json").exists():
            self._make(milvus, generation, folder)
        rows = [Row(**row) for row in json.loads((folder / "rows.json").read_text("utf-8"))]
        return Bm25.load(folder), rows

    def _make(self, milvus: Milvus, generation: Generation, folder: Path) -> None:
        """Write the index beside its place, then rename: a reader never sees half of one."""
        names = list(Row.__slots__)
        stored = milvus.read(generation.collection, names)
        rows = [Row(**{name: row[name] for name in names}) for row in stored]
        partial = folder.with_name(f"bm25.partial-{os.getpid()}-{threading.get_ident()}")
        Bm25.build([row.product_id for row in rows], [row.terms.split() for row in rows]).save(
            partial
        )
        slim = [asdict(row) | {"terms": ""} for row in rows]
        (partial / "rows.json").write_text(json.dumps(slim, ensure_ascii=False), "utf-8")
        try:
            partial.rename(folder)
        except OSError:  # another process was faster; both made the same
            shutil.rmtree(partial, ignore_errors=True)
