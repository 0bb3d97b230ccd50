"""Digests of pictures: what training may compare, and nothing outside the catalog."""

from pathlib import Path

from uniecs.catalog.heldout import PictureDigests


def test_only_pictures_inside_the_catalog_have_a_digest(tmp_path: Path) -> None:
    catalog, outside = tmp_path / "catalog", tmp_path / "outside.jpg"
    catalog.mkdir()
    outside.write_bytes(b"secret")
    (catalog / "inside.jpg").write_bytes(b"shown")
    (catalog / "link.jpg").symlink_to(outside)

    digests = PictureDigests(catalog)

    assert digests.of("inside.jpg")
    assert [digests.of(path) for path in ("../outside.jpg", "link.jpg", "missing.jpg")] == [""] * 3
    assert digests.distinct(["link.jpg", "inside.jpg", "./inside.jpg"]) == ["inside.jpg"]
