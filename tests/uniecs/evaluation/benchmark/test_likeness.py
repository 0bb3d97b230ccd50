"""Weaker pairs must be as alike as known ones."""

import numpy as np
from PIL import Image


def plain(colour: tuple[int, int, int], seed: int) -> Image.Image:
    """A box somewhere on a plain ground of one colour."""
    rng = np.random.default_rng(seed)
    pixels = np.full((96, 96, 3), colour, np.uint8)
    x, y = rng.integers(0, 50, 2)
    pixels[y : y + 40, x : x + 40] = rng.integers(0, 256, 3)
    return Image.fromarray(pixels)


def test_pairs_less_alike_than_nearly_all_known_pairs_are_refused(shop):
    for number in range(25):
        for side, words in (("a", "steel mug"), ("b", "cup made of steel")):
            shop.add(f"{side}{number:02}", f"model{number} {words}", group_id=f"g{number}",
                     picture=plain((250, 250, 250), 2 * number + (side == "b")))  # fmt: skip
    shop.add("like1", "tankard pewter lid", picture=plain((250, 250, 250), 90))
    shop.add("like2", "pewter tankard with lid", picture=plain((250, 250, 250), 91))
    shop.add("far1", "garden hose reel", picture=plain((250, 250, 250), 92))
    shop.add("far2", "box of nails", picture=plain((0, 0, 120), 93))
    clicks = [
        (f"{pair}{visit}", pair + side) for pair in ("like", "far") for visit in range(3)
        for side in "12"
    ]  # fmt: skip

    summary = shop.build(clicks=clicks)

    assert summary.removed == {"unlike_known_pairs": 1}
    assert summary.pairs == {"group": 25, "attributes": 0, "co_clicks": 1, "views": 0}
    assert summary.floors is not None
    assert "5th percentiles of the pairs by group" in (shop.out / "README.md").read_text()
