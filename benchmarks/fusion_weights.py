"""Choose the weights of hybrid search on some queries, and report them on others.

``python -m benchmarks.fusion_weights MODEL CATALOG [MODEL CATALOG ...]`` tries a grid for each kind
of query: words, a picture with words, a picture alone. It chooses by the queries whose source
product is not in the test split and prints the figures of those whose is; a query type without
source products in test is cut by a hash of the query's id, a fifth held out. The choice is the best
geometric mean of nDCG@10 over the query types of all given catalogs: none is paid for by another.
``uniecs.search.fusion.FUSION`` holds what was chosen.
"""

import hashlib
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from uniecs.catalog.reading import Catalog, Query
from uniecs.evaluation.queries import in_test, judged_queries, run_queries
from uniecs.evaluation.remembering import RememberingEncoder
from uniecs.inference.encoder import Encoder
from uniecs.search.fusion import FUSION, Fusion
from uniecs.search.hybrid import PICTURES_ONLY, CatalogSearch

GRIDS: dict[str, dict[str, tuple[float, ...]]] = {
    "words": {"text": (0.1, 0.25, 0.5, 1.0, 2.0)},
    "picture and words": {"own_words": (1.0, 2.0, 3.0), "sharpness": (0.003, 0.007, 0.02)},
    "picture": {"look": (0.2, 0.35, 0.5, 0.65), "lead": (2.0, 3.0, 5.0)},
}
"""What is tried for each kind of query."""

DEPTH = 20
HELD_OUT = 0.2


@dataclass(frozen=True)
class Part:
    """Queries of one type of one catalog, in two parts."""

    name: str
    kind: str
    catalog: Catalog
    search: CatalogSearch
    tuning: list[Query]
    held_out: list[Query]

    def score(self, queries: list[Query], fusion: Fusion | None) -> dict[str, float]:
        """Means of the metrics; without a fusion those of the encoder alone."""

        def rank(asked: Sequence[Query], k: int) -> list[list[tuple[str, float]]]:
            if fusion is None:
                return self.search.encoder(asked, k)
            return self.search.hybrid(asked, k, fusion)

        values = run_queries(queries, rank, self.catalog, depth=DEPTH).values
        return {name: float(value.mean()) for name, value in values.items()}


def main(arguments: Sequence[str]) -> int:
    """Print what is chosen for each kind of query, and what it gives on held-out queries."""
    if not arguments or len(arguments) % 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folders = [Path(argument) for argument in arguments]
    parts = [
        part
        for model, catalog in zip(folders[::2], folders[1::2], strict=True)
        for part in parts_of(Encoder.load(model, precision="float32"), Catalog(catalog))
    ]
    chosen = FUSION
    for kind, grid in GRIDS.items():
        own = [part for part in parts if part.kind == kind]
        if own:
            best = choose(own, grid, sys.stderr.write)
            chosen = replace(chosen, **best)
    say = sys.stdout.write
    say(f"chosen  {chosen}\nshipped {FUSION}\n\nHeld-out queries, nDCG@10 / hit@1\n")
    say(f"{'catalog, type':32s}{'queries':>8s}{'encoder':>14s}{'shipped':>14s}{'chosen':>14s}\n")
    for part in parts:
        scores = [part.score(part.held_out, fusion) for fusion in (None, FUSION, chosen)]
        cells = "".join(f"{s['nDCG@10']:>8.3f}/{s['hit@1']:.3f}" for s in scores)
        say(f"{part.name:32s}{len(part.held_out):>8d}{cells}\n")
    return 0


def parts_of(encoder: Encoder, catalog: Catalog) -> Iterator[Part]:
    """The query types of a catalog that hybrid search answers otherwise than the encoder."""
    search = CatalogSearch(RememberingEncoder(encoder), catalog)
    for name, queries in judged_queries(catalog).items():
        if name in PICTURES_ONLY:
            continue
        tested = [in_test(query, catalog) for query in queries]
        if not any(tested):
            tested = [_share(query.query_id) < HELD_OUT for query in queries]
        words, picture = bool(queries[0].text.strip()), queries[0].image is not None
        kind = "picture and words" if words and picture else "words" if words else "picture"
        yield Part(
            f"{catalog.folder.name}, {name}", kind, catalog, search,
            [query for query, test in zip(queries, tested, strict=True) if not test],
            [query for query, test in zip(queries, tested, strict=True) if test],
        )  # fmt: skip


def choose(
    parts: Sequence[Part], grid: dict[str, tuple[float, ...]], say: Callable[[str], object]
) -> dict[str, float]:
    """The point of a grid with the best geometric mean of nDCG@10 over the parts."""
    tried: dict[tuple[float, ...], float] = {}
    for values in itertools.product(*grid.values()):
        fusion = replace(FUSION, **dict(zip(grid, values, strict=True)))
        scores = [part.score(part.tuning, fusion)["nDCG@10"] for part in parts]
        tried[values] = float(np.exp(np.mean(np.log(np.maximum(scores, 1e-6)))))
        say(f"{dict(zip(grid, values, strict=True))} {[round(s, 4) for s in scores]}\n")
    best = max(tried, key=tried.__getitem__)
    return dict(zip(grid, best, strict=True))


def _share(query_id: str) -> float:
    digest = hashlib.sha256(query_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
