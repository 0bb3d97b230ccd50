import re
from collections import Counter

from uniecs.catalog.demo.facts import Listing
from uniecs.catalog.demo.texts import write_description, write_title
from uniecs.catalog.demo.vocabulary import COLOURS


def test_titles_are_tidy_and_name_the_product(plan: list[Listing]) -> None:
    for listing in plan[:600]:
        title = write_title(7, listing)
        nouns = listing.variant.design.type.nouns
        assert any(noun in title.casefold() for noun in nouns)
        assert title == title.strip(" ,|:-")
        assert not re.search(r"\s\s|,\s*,|\{|\b(by|in|from)\s*([,|:-]|$)", title)


def test_most_titles_name_the_colour_and_never_a_wrong_one_alone(plan: list[Listing]) -> None:
    named = 0
    for listing in plan[:600]:
        words = set(re.findall(r"[a-z]+", write_title(7, listing).casefold()))
        colours = {colour.name for colour in COLOURS} & words
        assert colours <= {listing.variant.colour.name}
        named += bool(colours)

    assert 0.75 < named / 600 < 0.98


def test_descriptions_have_two_to_four_sentences_and_are_worded_differently(
    plan: list[Listing],
) -> None:
    texts = [write_description(7, listing) for listing in plan]

    sentences = Counter(len(re.findall(r"[.](?= [A-Z]|$| \d)", text)) for text in texts)
    assert set(sentences) <= {2, 3, 4, 5}  # "0.6 litres" and the like may look like one more
    assert len(set(texts)) > 0.97 * len(texts)


def test_descriptions_tell_emblem_and_accent(plan: list[Listing]) -> None:
    for listing in plan[:300]:
        design, text = listing.variant.design, write_description(7, listing)
        assert design.accent.name in text
        assert design.emblem is None or design.emblem in text


def test_no_text_names_the_exact_shade(plan: list[Listing]) -> None:
    for listing in plan[:300]:
        shade = listing.variant.colour.shades[listing.variant.shade][0]
        text = f"{write_title(7, listing)} {write_description(7, listing)}"
        assert not re.search(rf"\b{shade}\b", text.casefold())
