import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from uniecs.evaluation.page.charts import Bar, grouped_bars, recall_curves, share_bar, spread


def texts(svg):
    drawing = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    return [element.text for element in drawing if element.tag == "text"]


def test_labels_that_would_overlap_are_moved_apart_and_keep_their_order():
    moved = spread([50.0, 50.5, 51.0, 90.0], 14)

    assert moved == sorted(moved)
    assert min(b - a for a, b in pairwise(moved)) > 13.5


def test_a_recall_curve_has_a_line_and_a_label_per_task():
    svg = recall_curves("Queries T", {"→ I": [0.1, 0.5], "→ T": [0.2, 0.9]}, ["view-i", "view-t"])

    assert svg.count("<polyline") == 2
    assert {"Queries T", "→ I", "→ T"} <= set(texts(svg))


def test_bars_are_as_long_as_their_values_and_carry_them():
    bars = [Bar("hybrid", 0.5, (0.4, 0.6), "a"), Bar("baseline", 0.25, (0.2, 0.3), "c")]

    svg = grouped_bars("nDCG@10", {"other_view": bars})

    widths = [float(width) for width in re.findall(r'<rect x="150" .*?width="([\d.]+)"', svg)]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert {"0.500", "0.250", "other view"} <= set(texts(svg))


def test_shares_fill_the_bar_and_the_legend_names_them():
    svg = share_bar("Pairs", {"copy": 0.75, "view": 0.25}, ["share-0", "share-1"])

    assert {"copy 75.0%", "view 25.0%"} <= set(texts(svg))


def test_words_from_outside_are_escaped():
    svg = grouped_bars("x", {"<b>": [Bar("&", 1.0, (1.0, 1.0), "a")]})

    assert "<b>" not in svg
    assert "<b>" in texts(svg)
