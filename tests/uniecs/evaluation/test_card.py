import json
import re

import pytest

from uniecs.evaluation.card import evaluation_card
from uniecs.evaluation.evaluate import evaluate
from uniecs.evaluation.report import CARD, EvaluationReport

WORDS = re.compile(r"`[^`]*`|(R|nDCG|hit)@\d+|95 %|^#+ .*$", re.MULTILINE)
"""Names that hold digits: they are words, not figures."""


@pytest.fixture
def content(little_catalog, words_and_colours, tmp_path):
    evaluate(words_and_colours, little_catalog, report=tmp_path)
    card = (tmp_path / CARD).read_text()
    assert card == evaluation_card(EvaluationReport.model_validate_json(json_of(tmp_path)))
    return json.loads(json_of(tmp_path))


def json_of(folder):
    content = json.loads((folder / "report.json").read_text())
    return json.dumps({"queries": {}} | content)


def card_of(content):
    return evaluation_card(EvaluationReport.model_validate(content))


def figures(card):
    return re.findall(r"\d[\d,.]*\d|\d", WORDS.sub("", card))


def numbers(content):
    if isinstance(content, dict):
        return [n for value in content.values() for n in numbers(value)]
    if isinstance(content, list):
        return [n for value in content for n in numbers(value)]
    return [content] if isinstance(content, int | float) and not isinstance(content, bool) else []


def changed(content, offset):
    """Other values for the numbers of a report; two offsets leave no fraction where it was."""
    if isinstance(content, dict):
        return {name: changed(value, offset) for name, value in content.items()}
    if isinstance(content, list):
        return [changed(value, offset) for value in content]
    if isinstance(content, bool) or not isinstance(content, int | float):
        return content
    return offset + 0.9 * content if isinstance(content, float) else 7 * content + 3


def test_every_figure_of_the_card_is_in_the_report(content):
    shown = {f"{n * 100:.1f}" for n in numbers(content)} | {f"{n:,}" for n in numbers(content)}

    found = figures(card_of(content))

    assert len(found) > 60
    assert set(found) <= shown


def test_no_figure_of_the_card_comes_from_anywhere_else(content):
    """Were one written into the card, it would stay when every number of the report changes."""
    before = figures(card_of(content))
    after = [figures(card_of(changed(content, offset))) for offset in (0.02, 0.08)]

    kept = [set(versions) for versions in zip(before, *after, strict=True)]
    assert [figure for figure in kept if len(figure) == 1] == []


def test_a_report_without_the_further_parts_has_a_card_without_them(content):
    bare = {
        name: value
        for name, value in content.items()
        if name not in ("mixed_pool", "degradation", "pool_sizes", "slices", "unimodal")
    }

    card = card_of(bare)

    assert "Mean of the nine tasks" in card
    assert "###" not in card
