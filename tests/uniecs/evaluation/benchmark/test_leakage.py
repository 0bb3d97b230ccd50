"""Nothing of the train split reaches a held-out side, by picture, title or group."""

import json

import pytest

from tests.uniecs.evaluation.benchmark.conftest import draw_picture


@pytest.fixture
def leaky_shop(shop, encoded):
    """Four pairs in test that leak in one way each, and one that does not."""
    for number, kind in enumerate(("exact", "near", "title", "group", "clean")):
        facts = {"color": "Blue", "kind": kind}
        shop.add(f"{kind}1", f"{kind} mug one", group_id=kind, split="test", attributes=facts,
                 picture=draw_picture(100 + number))  # fmt: skip
        shop.add(f"{kind}2", f"second {kind} cup", group_id=kind, split="test", attributes=facts)
    shop.add("t1", "a thing", split="train", picture=draw_picture(100))
    shop.add("t2", "a toy", split="train", picture=encoded(draw_picture(101), 0.8, 60))
    shop.add("t3", "One MUG (title)", split="train")
    shop.add("t4", "a tool", split="train", group_id="group", attributes={"color": "Red"})
    return shop


def test_leaking_pairs_are_kept_out_and_counted(leaky_shop):
    summary = leaky_shop.build()

    assert leaky_shop.paired == {frozenset(("clean1", "clean2"))}
    assert summary.removed["seen_in_training"] == 4
    assert summary.leaks_found == {"exact_picture": 1, "near_picture": 1, "title": 1, "group": 2}
    assert set(summary.leaks_left.values()) == {0}


def test_the_report_shows_who_gives_whom_away(leaky_shop):
    leaky_shop.build()

    report = json.loads((leaky_shop.out / "leakage.json").read_text())
    page = (leaky_shop.out / "leakage.html").read_text()
    examples = {check["kind"]: check["examples"][0] for check in report["checks"]}
    given_away = {kind: (e["product_id"], e["train_product_id"]) for kind, e in examples.items()}
    assert report["clean"] is True
    assert given_away == {
        "exact_picture": ("exact1", "t1"), "near_picture": ("near1", "t2"),
        "title": ("title1", "t3"), "group": ("group1", "t4"),
    }  # fmt: skip
    assert report["checks"][0]["found"] == {"val": 0, "test": 1}
    assert "Nothing of the train split is left in the benchmark" in page
    assert page.count('<img src="data:image/jpeg;base64,') == 2 * 5


def test_another_view_of_a_held_out_listing_leaks_too(shop):
    shop.add("a", "Acme mug", group_id="g", split="test")
    shop.add("b", "Blue cup", group_id="g", split="test")
    shop.add("t", "a thing", split="train", picture=draw_picture(50))
    draw_picture(50).save(shop.folder / "view.png")
    shop.rows[0]["image_paths"] = ["a.png", "view.png"]
    shop.add("c", "Glass jar", group_id="h", split="test")
    shop.add("d", "Preserving vessel", group_id="h", split="test")

    shop.build()

    assert shop.paired == {frozenset("cd")}


def test_a_hostile_title_stays_text_on_page_and_card(shop):
    shop.add("a", "<script>alert(1)</script> mug", group_id="g", split="test",
             category="<b>|x")  # fmt: skip
    shop.add("b", "Blue cup", group_id="g", split="test", category="<b>|x", license="<i>")
    shop.add("c", "Glass jar", group_id="h", split="test")
    shop.add("d", "<script>alert(1)</script> pot", group_id="h", split="test")
    shop.add("t", "script alert 1 script mug", split="train")

    shop.build()

    assert "<script>" not in (shop.out / "leakage.html").read_text()
    assert "&lt;script&gt;" in (shop.out / "leakage.html").read_text()
    assert "<i>" not in (shop.out / "README.md").read_text()
