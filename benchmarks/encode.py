"""How fast the small preset encodes texts, pictures, both, and a mixed list.

Random weights and drawn pictures: this measures speed, not quality. The four kinds take turns
(A B C D, A B C D, ...), so that a busy moment of a shared machine hits all of them; quote the
medians' ratio. Run ``make bench``; the result is ``benchmarks/encode.json``.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from uniecs.catalog.demo import generate_demo
from uniecs.catalog.items import Item
from uniecs.catalog.reading import read_rows
from uniecs.encoder.build import build_encoder
from uniecs.encoder.choices import small
from uniecs.inference.encoder import Encoder

MIX = {"text": 0.5, "image": 0.25, "both": 0.25}
"""Shares of the mixed list, as searches and catalog updates might come."""


def items_of(catalog: Path, count: int) -> dict[str, list[Item]]:
    """The same products as texts, as pictures, as both, and mixed."""
    rows = [row for _, row in read_rows(catalog)]
    usable = [
        (str(number), f"{row['title']} . {row['description']}", catalog / row["image_paths"][0])
        for number, row in enumerate(rows)
        if row["title"] and row["image_paths"] and (catalog / row["image_paths"][0]).is_file()
    ][:count]
    kinds = {
        "text": [Item(name, text) for name, text, _ in usable],
        "image": [Item(name, "", picture) for name, _, picture in usable],
        "both": [Item(name, text, picture) for name, text, picture in usable],
    }
    mixed = [kinds[kind][n] for n, kind in enumerate(_cycle(len(usable)))]
    return {**kinds, "mixed": mixed}


def _cycle(count: int) -> list[str]:
    pattern = [kind for kind, share in MIX.items() for _ in range(round(share * 4))]
    return [pattern[n % len(pattern)] for n in range(count)]


def main() -> None:
    """Measure and write the result beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalog = Path(folder) / "catalog"
        generate_demo(catalog, products=max(24, round(1.3 * chosen.items)))
        kinds = items_of(catalog, chosen.items)
        texts = [item.text for item in kinds["text"]]
        model, processor = build_encoder(small(), texts, seed=0)
        encoder = Encoder(
            model.train(False),
            processor,
            model_version="random",
            processor_digest="random",
            device=torch.device("cpu"),
        )
        rates = _measure(encoder, kinds, chosen.rounds)
    result = _summary(rates, chosen.items)
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=1) + "\n")
    for kind, row in result["items_per_second"].items():
        print(f"{kind:6} {row['median']:8.1f} items/s  ({row['min']:.1f} to {row['max']:.1f})")  # noqa: T201
    print(f"mixed against the weighted single rates: {result['mixed_share']:.2f}")  # noqa: T201


def _measure(encoder: Encoder, kinds: dict[str, list[Item]], rounds: int) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(rounds + 1):
        for kind, items in kinds.items():
            start = time.perf_counter()
            encoder.encode(items)
            if number:  # the first round warms up
                rates[kind].append(len(items) / (time.perf_counter() - start))
    return rates


def _summary(rates: dict[str, list[float]], count: int) -> dict[str, Any]:
    median = {kind: statistics.median(values) for kind, values in rates.items()}
    expected = 1 / sum(share / median[kind] for kind, share in MIX.items())
    return {
        "items": count,
        "rounds": len(rates["text"]),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "machine": platform.machine(),
        "items_per_second": {
            kind: {"median": median[kind], "min": min(values), "max": max(values)}
            for kind, values in rates.items()
        },
        "mixed_share": median["mixed"] / expected,
    }


if __name__ == "__main__":
    main()
