"""The catalogs that arms are trained on, with small pictures; whole, or as an arm may see them."""

import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

from benchmarks.quality.arms import Shown
from uniecs.catalog.images import decode_image
from uniecs.catalog.reading import find_catalog
from uniecs.errors import ImageError

SIDE = 128
"""Longer side of the pictures, px: twice what the models see, so that copies can be cropped."""

QUALITY = 90


def small_catalog(name: str, myntra: Path, out: Path) -> Path | None:
    """A catalog whose rows are valid and whose pictures are small; made once.

    Args:
        name: Of a catalog of ``arms.CATALOGS``.
        myntra: Folder of myntra_dev.
        out: Folder of all runs.

    Returns:
        None where the catalog is absent.
    """
    target = out / name / "catalog"
    if target.is_dir():
        return target
    if name == "demo":
        whole = _accepted_demo(out / name)
    elif myntra.is_dir():
        whole = myntra
    else:
        return None
    return with_small_pictures(whole, target)


def _accepted_demo(folder: Path) -> Path:
    from uniecs.catalog.demo import generate_demo
    from uniecs.catalog.validation import validate_catalog

    drawn, accepted = folder / "drawn", folder / "accepted"
    if not drawn.is_dir():
        sys.stderr.write("drawing the demo catalog\n")
        generate_demo(drawn)
    if not accepted.is_dir():
        validate_catalog(drawn, folder / "validation", config=None, accepted=accepted)
    return accepted


def with_small_pictures(catalog: Path, target: Path) -> Path:
    """A copy whose pictures are no larger than SIDE; what cannot be decoded is copied as it is."""
    sys.stderr.write(f"resizing the pictures of {catalog.name}\n")
    partial = _like(catalog, target.with_suffix(".partial"), set())
    pictures = [path for path in partial.rglob("*") if path.parent != partial and path.is_file()]
    with ProcessPoolExecutor() as pool:
        list(pool.map(_shrink, pictures, chunksize=64))
    return partial.rename(target)


def _shrink(path: Path) -> None:
    try:
        picture = decode_image(path)
    except ImageError:
        return
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    path.chmod(0o644)
    picture.save(path, "JPEG", quality=QUALITY)


def without_queries(catalog: Path, folder: Path) -> Path:
    """The same catalog without its judged queries, which take longer than a run of minutes."""
    target = folder / "catalog-without-queries"
    if target.is_dir():
        return target
    left_out = {"queries.jsonl", "qrels.tsv", "query_images"}
    return _like(catalog, target.with_suffix(".partial"), left_out).rename(target)


def shown_catalog(catalog: Path, shown: Shown, folder: Path) -> Path:
    """The catalog as an arm may see it: whole, or without pictures, or without texts."""
    if shown == "all":
        return catalog
    import pandas as pd

    target = folder / f"catalog-{shown}"
    if target.is_dir():
        return target
    partial = _like(catalog, target.with_suffix(".partial"), {find_catalog(catalog).name})
    frame = pd.read_parquet(find_catalog(catalog))
    if shown == "texts":
        frame = frame[frame["title"].fillna("") != ""]
        frame["image_paths"] = [[] for _ in range(len(frame))]
    else:
        frame = frame[frame["image_paths"].map(len) > 0]
        frame = frame.assign(title="", description="", brand=None, category="", attributes="{}")
    frame.to_parquet(partial / "catalog.parquet", index=False)
    return partial.rename(target)


def _like(catalog: Path, target: Path, but: set[str]) -> Path:
    """A copy of a catalog but for some files; a link would lead its pictures out of the folder."""
    shutil.rmtree(target, ignore_errors=True)
    copied = shutil.copytree(catalog, target, ignore=lambda _folder, names: but & set(names))
    for folder in (copied, *(path for path in copied.rglob("*") if path.is_dir())):
        folder.chmod(0o755)  # a catalog may be read-only
    return copied
