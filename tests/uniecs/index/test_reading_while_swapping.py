"""Readers never fail and never mix generations while another thread builds and swaps."""

import threading

import numpy as np

from uniecs.catalog.reading import Catalog
from uniecs.index.expressions import expression
from uniecs.index.failures import CollectionGone
from uniecs.index.generations import GenerationStore
from uniecs.settings import Settings

from .conftest import DIM, WordEncoder, shop, write_catalog

READERS = 4
SWAPS = 12


def test_every_answer_comes_from_exactly_the_generation_it_names(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog, milvus_settings: Settings
) -> None:
    tagged: dict[str, str] = {}
    for tag in ("even", "odd"):
        rows = [row | {"brand": tag} for row in shop(40)]
        generation = store.build(encoder, write_catalog(catalog.folder.parent / tag, rows))
        store.verify(generation.id)
        tagged[generation.id] = tag
    store.swap(next(iter(tagged)))
    stop = threading.Event()
    failures: list[str] = []
    answers: list[str] = []

    def read() -> None:
        reader = GenerationStore(milvus_settings)
        query = np.ones((1, DIM), np.float32)
        own = expression(None, tenant=milvus_settings.tenant)
        while not stop.is_set():
            try:
                live = reader.live()
                hits = reader.milvus.nearest(
                    live.collection, query, top_k=10, expression=own, fields=("brand",)
                )[0]
            except CollectionGone:
                continue  # what the search engine does, too: start over with the new one
            except Exception as error:
                failures.append(repr(error))
                return
            answers.append(live.id)
            if len(hits) != 10 or {hit.fields["brand"] for hit in hits} != {tagged[live.id]}:
                failures.append(f"{live.id}: {hits}")

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for turn in range(SWAPS):
        store.swap(list(tagged)[turn % 2])
        seen = len(answers)
        while len(answers) < seen + READERS and not failures:
            stop.wait(0.005)
    stop.set()
    for thread in threads:
        thread.join(30)

    assert failures == []
    assert set(answers) == set(tagged)
