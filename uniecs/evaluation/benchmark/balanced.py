"""The modality-balanced subset: no picture and no title tells by itself whether it is a match.

Listings are taken two by two, I with title T and I' with title T', and give four rows: the matches
(I, T) and (I', T'), the mismatches (I, T') and (I', T). So every picture and every title stands
once in a match and once in a mismatch (after VERITE, arXiv 2304.14133). The partner is the
listing of the same category whose title is most similar, so that a mismatch is hard to see.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from uniecs.evaluation.benchmark.fingerprints import near_pictures
from uniecs.evaluation.benchmark.groups import Groups
from uniecs.evaluation.benchmark.listings import Listing
from uniecs.evaluation.benchmark.pairs import both_names, image_name
from uniecs.evaluation.benchmark.titles import near_titles, words_of
from uniecs.evaluation.benchmark.variants import Variants


@dataclass(frozen=True, slots=True, eq=False)
class Couple:
    """Two listings that lend each other their titles; ``similarity`` of the titles, 0..1."""

    one: Listing
    other: Listing
    similarity: float

    def rows(self, number: int) -> Iterator[dict[str, object]]:
        """The four rows of ``balanced.parquet``: two matches, two mismatches."""
        for shown, told in (
            (self.one, self.one), (self.other, self.other),
            (self.one, self.other), (self.other, self.one),
        ):  # fmt: skip
            yield {
                "couple": number,
                "split": shown.split,
                "match": shown is told,
                "image_product_id": shown.id,
                "image": image_name(shown.picture),
                "text_product_id": told.id,
                "text": told.product.title.strip(),
                "category": shown.product.category,
                "similarity": self.similarity,
                "license": both_names(shown.product.license, told.product.license),
                "source": both_names(shown.product.source, told.product.source),
            }


def balanced_couples(
    listings: Sequence[Listing], groups: Groups, variants: Variants
) -> list[Couple]:
    """Match listings two by two, the most similar titles first.

    Args:
        listings: Listings of the benchmark.
        groups: Two listings of one group never meet.
        variants: Two listings with equal attributes never meet.

    Returns:
        Couples in order of their ids; every listing stands in one couple at most.
    """
    strata: dict[tuple[str, str], list[Listing]] = defaultdict(list)
    for listing in _distinct(sorted(listings, key=lambda listing: listing.id)):
        strata[listing.split, listing.product.category].append(listing)
    couples: list[Couple] = []
    for members in strata.values():
        free = {listing.id for listing in members}
        for couple in _by_similarity(members):
            ids = {couple.one.id, couple.other.id}
            if ids <= free and _may_meet(couple, groups, variants):
                free -= ids
                couples.append(couple)
    return sorted(couples, key=lambda couple: couple.one.id)


def _distinct(listings: Sequence[Listing]) -> list[Listing]:
    """Without listings whose picture or title says what an earlier one's says."""
    pictures = [listing.picture for listing in listings]
    words = [listing.words for listing in listings]
    repeated: set[int] = set()
    for row, column in sorted([*near_pictures(pictures, pictures), *near_titles(words, words)]):
        if column < row and column not in repeated:
            repeated.add(row)
    return [listing for row, listing in enumerate(listings) if row not in repeated]


def _by_similarity(members: Sequence[Listing]) -> list[Couple]:
    """All couples of a category, the most similar titles first; ties by id."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if len(members) < 2:
        return []
    titles = [" ".join(sorted(listing.words)) for listing in members]
    vectors = TfidfVectorizer(tokenizer=str.split, token_pattern=None).fit_transform(titles)
    similarity = (vectors @ vectors.T).toarray().round(4)
    couples = [
        Couple(one, other, float(similarity[row, column]))
        for row, one in enumerate(members)
        for column, other in enumerate(members[row + 1 :], row + 1)
    ]
    return sorted(couples, key=lambda couple: (-couple.similarity, couple.one.id, couple.other.id))


def _may_meet(couple: Couple, groups: Groups, variants: Variants) -> bool:
    """Whether the title of each is false of the other."""
    one, other = couple.one, couple.other
    if groups.of(one.product.group) == groups.of(other.product.group):
        return False
    facts = variants.facts(one), variants.model(one)
    if any(facts) and facts == (variants.facts(other), variants.model(other)):
        return False
    return not (_says(one, other) or _says(other, one))


def _says(listing: Listing, other: Listing) -> bool:
    """Whether the whole text of a listing already says every word of the other's title."""
    return other.words <= words_of(listing.product.full_text)
