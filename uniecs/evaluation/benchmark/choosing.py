"""From candidates to pairs: every candidate is kept or refused for exactly one reason."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from uniecs.evaluation.benchmark.candidates import SOURCES, Candidate
from uniecs.evaluation.benchmark.config import BenchmarkConfig
from uniecs.evaluation.benchmark.fingerprints import is_near
from uniecs.evaluation.benchmark.likeness import Likeness, measure_likeness
from uniecs.evaluation.benchmark.titles import is_near_title
from uniecs.evaluation.benchmark.variants import Variants

MOST_PAIRS = 2
"""Pairs that one listing may stand in, so that a large group does not fill its category."""

REASONS: dict[str, str] = {
    "few_visits": "clicked together in fewer visits than the minimum",
    "other_category": "clicked together, but of different categories",
    "too_common": "more than 4 listings have these attributes: they do not tell items apart",
    "other_variant": "same group, but attributes or model differ, or one word of bare titles",
    "titles_disagree": "the titles name different values of one attribute, such as two colours",
    "same_picture": "both sides have the same picture, byte for byte",
    "near_picture": "both sides have the same picture in another size or encoding",
    "near_title": "the titles share more than nine tenths of their words",
    "other_split": "the two sides are in different splits",
    "seen_in_training": "picture, title or group of a held-out side is in the train split",
    "unlike_known_pairs": "less alike than 95 % of the pairs by group, in text or in picture",
    "repeated_pair": "another pair shows the same two pictures",
    "listing_used": f"a side stands in {MOST_PAIRS} pairs already; in 1, for its own views",
    "category_full": "the category has its fill in this split",
}
"""Why a candidate is refused, in the order in which it is asked."""


@dataclass
class Funnel:
    """Candidates that went in, refusals by reason, pairs that came out.

    Attributes:
        proposed: Source -> candidates, each counted for its strongest source.
        refused: Reason code -> candidates.
        floors: Text and picture cosine that weaker pairs had to reach; None when not asked.
    """

    proposed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    floors: tuple[float, float] | None = None

    def keep(
        self, candidates: Iterable[Candidate], reason: Callable[[Candidate], str]
    ) -> list[Candidate]:
        """Those without a reason against them; the others are counted."""
        kept = []
        for candidate in candidates:
            if code := reason(candidate):
                self.refused[code] += 1
            else:
                kept.append(candidate)
        return kept


def choose_pairs(
    candidates: Iterable[Candidate],
    *,
    variants: Variants,
    leaking: frozenset[str],
    folder: Path,
    config: BenchmarkConfig,
) -> tuple[list[Candidate], Funnel]:
    """Keep the pairs of a benchmark.

    Args:
        candidates: From all sources.
        variants: Tells variants of one group apart.
        leaking: Ids of held-out listings that share something with the train split.
        folder: The catalog.
        config: Seed and cap.

    Returns:
        The pairs, sorted by split, category and ids; and what became of the others.
    """
    funnel = Funnel()
    pairs = _merged(candidates, funnel)
    pairs = funnel.keep(pairs, lambda pair: doubt(pair, variants))
    pairs = funnel.keep(pairs, _parts)
    pairs = funnel.keep(pairs, lambda pair: _leaks(pair, leaking))
    likeness = measure_likeness(folder, [pair for pair in pairs if not pair.alone])
    if likeness:
        funnel.floors = likeness.text_floor, likeness.picture_floor
        pairs = _believed(pairs, likeness, funnel)
    pairs = _within_caps(pairs, config, funnel)
    return sorted(pairs, key=_place), funnel


def _merged(candidates: Iterable[Candidate], funnel: Funnel) -> list[Candidate]:
    """One candidate for each two listings: of the strongest source that does not doubt it."""
    best: dict[tuple[str, str], Candidate] = {}
    for candidate in candidates:
        key = candidate.one.id, candidate.other.id
        if key not in best or _rank(candidate) < _rank(best[key]):
            best[key] = candidate
    for candidate in best.values():
        funnel.proposed[candidate.made_by] += 1
    return list(best.values())


def _rank(candidate: Candidate) -> tuple[bool, int]:
    return bool(candidate.refused), SOURCES.index(candidate.made_by)


def doubt(pair: Candidate, variants: Variants) -> str:
    """What speaks against a pair, whatever split its sides are in; empty for nothing."""
    if pair.refused or pair.alone:
        return pair.refused
    one, other = pair.one, pair.other
    same_group = one.product.group_id and one.product.group_id == other.product.group_id
    if same_group and not variants.same(one, other):
        return "other_variant"
    if variants.disagree(one, other):
        return "titles_disagree"
    if one.picture.digest == other.picture.digest:
        return "same_picture"
    if is_near(one.picture, other.picture):
        return "near_picture"
    return "near_title" if is_near_title(one.words, other.words) else ""


def _parts(pair: Candidate) -> str:
    return "other_split" if pair.one.split != pair.other.split else ""


def _leaks(pair: Candidate, leaking: frozenset[str]) -> str:
    return "seen_in_training" if leaking & {pair.one.id, pair.other.id} else ""


def _believed(pairs: Sequence[Candidate], likeness: Likeness, funnel: Funnel) -> list[Candidate]:
    measured = (pair for pair in pairs if not pair.alone)
    row = {id(pair): number for number, pair in enumerate(measured)}

    def reason(pair: Candidate) -> str:
        trusted = pair.alone or pair.made_by == "group"
        return "" if trusted or likeness.passes(row[id(pair)]) else "unlike_known_pairs"

    return funnel.keep(pairs, reason)


def _within_caps(
    pairs: Sequence[Candidate], config: BenchmarkConfig, funnel: Funnel
) -> list[Candidate]:
    """Strong sources first, then by a hash of seed and ids, until listings and categories fill."""
    shown: set[tuple[str, str, str]] = set()
    used: Counter[str] = Counter()
    filled: Counter[tuple[str, str]] = Counter()

    def reason(pair: Candidate) -> str:
        digests = sorted(picture.digest for picture in pair.pictures)
        picture_key = (pair.one.split, digests[0], digests[1])
        if picture_key in shown:
            return "repeated_pair"
        most = 1 if pair.alone else MOST_PAIRS
        if max(used[pair.one.id], used[pair.other.id]) >= most:
            return "listing_used"
        stratum = pair.one.split, pair.one.product.category
        if filled[stratum] >= config.per_category:
            return "category_full"
        shown.add(picture_key)
        used.update((pair.one.id, pair.other.id))
        filled[stratum] += 1
        return ""

    ordered = sorted(pairs, key=lambda pair: (SOURCES.index(pair.made_by), draw(config.seed, pair)))
    return funnel.keep(ordered, reason)


def draw(seed: int, pair: Candidate) -> str:
    """A number that seed and ids decide, as hex: the same in any order of the rows."""
    return sha256(f"{seed}\0{pair.one.id}\0{pair.other.id}".encode()).hexdigest()


def _place(pair: Candidate) -> tuple[str, str, str, str]:
    return pair.one.split, pair.one.product.category, pair.one.id, pair.other.id
