import re

from uniecs.evaluation.page.lines import Axis, Line, line_chart

AXIS = Axis("missing", {0.0: "0", 1.0: "100"})


def coordinates(svg, element, name):
    return [float(n) for n in re.findall(rf'<{element} [^>]*\b{name}="([\d.]+)"', svg)]


def test_points_stand_where_their_values_say():
    svg = line_chart("Left", {"a": Line([0, 0.5, 1], [1.0, 0.5, 0.0], "view-i")}, AXIS)

    heights = coordinates(svg, "circle", "cy")
    places = coordinates(svg, "circle", "cx")
    assert heights[1] - heights[0] == heights[2] - heights[1] > 0
    assert places[1] - places[0] == places[2] - places[1] > 0
    assert "<polygon" not in svg


def test_a_logarithmic_axis_gives_equal_factors_equal_room():
    line = Line([10, 100, 1000], [0.5] * 3, "view-i")

    places = coordinates(
        line_chart("", {"a": line}, Axis("pool", {}, logarithmic=True)), "circle", "cx"
    )

    assert places[1] - places[0] == places[2] - places[1]


def test_intervals_are_a_band_and_names_are_escaped():
    svg = line_chart(
        "", {"<b>": Line([0, 1], [0.5, 0.4], "view-t", [(0.4, 0.6), (0.3, 0.5)])}, AXIS
    )

    assert svg.count("<polygon") == 1
    assert "<b>" not in svg


def test_one_point_is_a_dot():
    assert "<circle" in line_chart("", {"a": Line([5], [0.5], "view-i")}, Axis("pool", {}))
