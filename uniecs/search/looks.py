"""Products by what their pictures look like, where a generation holds looks of today's kind."""

import threading
from pathlib import Path

from uniecs.index.expressions import expression, pictured
from uniecs.index.filter_tree import Filter
from uniecs.index.ledger import Generation
from uniecs.index.look import look_of
from uniecs.index.milvus import Hit, Milvus
from uniecs.index.schema import schema_hash
from uniecs.search.lexicon import FIELDS


class Looks:
    """Searches generations by look.

    A server of one vector a row holds none, nor does a generation that an older version built,
    perhaps with another kind of look: the answer is empty, and search goes on without.
    """

    def __init__(self) -> None:
        self._held: dict[str, bool] = {}
        self._lock = threading.Lock()

    def search(
        self,
        milvus: Milvus,
        generation: Generation,
        image: Path | bytes,
        *,
        top_k: int,
        where: Filter | None,
    ) -> list[Hit]:
        """Products whose pictures look most like ``image``, by cosine, best first.

        Raises:
            ImageError: When the picture cannot be decoded.
        """
        if not self._holds(milvus, generation):
            return []
        return milvus.nearest(
            generation.collection,
            look_of(image)[None],
            top_k=top_k,
            expression=pictured(expression(where, tenant=generation.tenant)),
            fields=FIELDS,
            exhaustive=True,
            column="look",
        )[0]

    def _holds(self, milvus: Milvus, generation: Generation) -> bool:
        if not milvus.capabilities.pictures:
            return False
        with self._lock:
            if generation.id not in self._held:
                columns, dim = milvus.columns(generation.collection)
                same = schema_hash(dim, columns) == generation.schema_hash
                self._held[generation.id] = "look" in columns and same
            return self._held[generation.id]
