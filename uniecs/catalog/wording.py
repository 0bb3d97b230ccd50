"""Words that shoppers would type: short attribute queries, and what tells two variants apart."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from uniecs.catalog.schema import Product, normalise_text

MAX_VALUE_WORDS = 3
"""Longer attribute values are prose, not something that shoppers type."""

_IDENTIFIER = re.compile(
    r"(^|_)(id|sku|number|ean|gtin|upc|url|key|price|year|variant|size|sizes)$"
)

_CHANGES = (
    "make it {}",
    "{} instead",
    "the {} one",
    "like this but {}",
    "show me {}",
    "this one in {}",
    "{} please",
    "want it in {}",
    "in {}",
    "{} version of this",
)


def short_facts(product: Product) -> dict[str, str]:
    """Attributes whose value is short text, plus brand and the leaf of the category.

    Example:
        >>> mug = Product(product_id="1", title="mug", brand="Nike", attributes={"fit": "Slim"})
        >>> short_facts(mug)
        {'brand': 'Nike', 'fit': 'Slim'}
    """
    leaf = product.category.rsplit(">", 1)[-1].strip()
    named = {"brand": product.brand or "", "category": leaf, **product.attributes}
    return {name: value for name, value in named.items() if _is_short_fact(name, value)}


def _is_short_fact(name: str, value: object) -> bool:
    return (
        isinstance(value, str)
        and not _IDENTIFIER.search(name)
        and 0 < len(value.split()) <= MAX_VALUE_WORDS
        and not any(sign in value for sign in ",;&")
        and value.casefold() not in ("yes", "no", "true", "false", "none")
    )


class ShortQueries:
    """Short queries of 1-4 facts, and which products answer one.

    Facts are drawn with a weight: how often the fact's name is filled, times how often its value
    stands in the product's own title, since shoppers type what titles say.
    """

    def __init__(self, products: Sequence[Product]) -> None:
        self._ids = [product.product_id for product in products]
        self._answers: dict[frozenset[tuple[str, str]], frozenset[str]] = {}
        self._facts = [short_facts(product) for product in products]
        self._holders: dict[tuple[str, str], set[int]] = defaultdict(set)
        said: dict[str, int] = defaultdict(int)
        for row, (product, facts) in enumerate(zip(products, self._facts, strict=True)):
            title = f" {normalise_text(product.title)} "
            for name, value in facts.items():
                self._holders[name, value.casefold()].add(row)
                said[name] += f" {normalise_text(value)} " in title
        total = max(1, len(self._facts))
        self._weight = {name: 0.05 + said.get(name, 0) / total for name in self._names()}

    def _names(self) -> set[str]:
        return {name for facts in self._facts for name in facts}

    def draw(self, row: int, rng: Random) -> tuple[str, frozenset[str]] | None:
        """Words for one product and the ids of all products that have every fact named."""
        facts = self._facts[row]
        if not facts:
            return None
        wanted = min(len(facts), rng.choice((1, 2, 2, 3, 3, 4)))
        chosen: list[str] = []
        while len(chosen) < wanted:
            names = [name for name in facts if name not in chosen]
            weights = [self._weight[name] for name in names]
            chosen.append(rng.choices(names, weights)[0])
        answers = self._answering(frozenset((name, facts[name].casefold()) for name in chosen))
        rng.shuffle(chosen)
        words = dict.fromkeys(facts[name].lower() for name in chosen)
        return " ".join(words), answers

    def forget(self) -> None:
        """Let go of the answers that were drawn so far."""
        self._answers.clear()

    def _answering(self, facts: frozenset[tuple[str, str]]) -> frozenset[str]:
        """Ids of the products that have all facts: one set for all queries that name the same.

        A query is answered by a share of the catalog, so a set for each query would cost time and
        memory that grow with the square of the products.
        """
        found = self._answers.get(facts)
        if found is None:
            rows = set.intersection(*(self._holders[fact] for fact in facts))
            found = self._answers[facts] = frozenset(self._ids[row] for row in rows)
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """Two rows that differ in one fact, and the value of that fact in the second."""

    source: int
    target: int
    value: str


def changes(products: Sequence[Product]) -> list[Change]:
    """Ordered pairs of variants: one fact differs, the rest of the title is the same.

    Two products are variants when they share brand, category and the title without the value of
    the fact, or when they share a group and differ in exactly one fact.
    """
    buckets: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    for row, product in enumerate(products):
        for key, value in _variant_keys(product):
            buckets[key].append((row, value))
    found: dict[tuple[int, int], Change] = {}
    for members in buckets.values():
        for source, old in members:
            for target, new in members:
                if source != target and normalise_text(old) != normalise_text(new):
                    found.setdefault((source, target), Change(source, target, new))
    return list(found.values())


def _variant_keys(product: Product) -> Iterator[tuple[tuple[str, ...], str]]:
    title = f" {normalise_text(product.title)} "
    facts = short_facts(product)
    for name, value in facts.items():
        if name in ("brand", "category"):
            continue
        words = f" {normalise_text(value)} "
        if words in title and len(title.split()) > len(words.split()):
            template = title.replace(words, " * ")
            yield ("title", name, product.brand or "", product.category, template), value
        if product.group_id:
            others = sorted(f"{n}={v}" for n, v in facts.items() if n != name)
            yield ("group", name, product.group_id, *others), value


def phrase_change(value: str, rng: Random) -> str:
    """Words that ask for the same thing with another value of a fact."""
    return rng.choice(_CHANGES).format(value.lower())
