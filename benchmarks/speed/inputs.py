"""What all arms encode and train on: drawn pictures, the texts beside them, one vocabulary."""

import gzip
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

MERGES = "merges.txt.gz"
TEXTS = "texts.json"
VOCABULARY = 8192
STARTS = ("<|startoftext|>", "<|endoftext|>")


@dataclass(frozen=True)
class Inputs:
    """A folder of ``pictures/*.png``, ``texts.json`` and ``merges.txt.gz``."""

    folder: Path

    @cached_property
    def texts(self) -> list[str]:
        """Titles (as searches are) and titles with descriptions (as products are), in turn."""
        texts: list[str] = json.loads((self.folder / TEXTS).read_text())
        return texts

    def pictures(self, count: int) -> list[Image.Image]:
        """The first ``count`` pictures, decoded to RGB; they repeat where there are fewer."""
        paths = sorted((self.folder / "pictures").iterdir())
        decoded = []
        for path in paths[:count]:
            with Image.open(path) as image:
                decoded.append(image.convert("RGB"))
        return [decoded[n % len(decoded)] for n in range(count)]

    @property
    def merges(self) -> list[str]:
        """Merges of the byte-pair vocabulary, in open_clip's file format without its header."""
        with gzip.open(self.folder / MERGES, "rt", encoding="utf-8") as stream:
            return stream.read().split("\n")[1:]

    def vocabulary(self) -> dict[str, int]:
        """Ids as open_clip numbers them: bytes, bytes that end a word, merges, start, end."""
        from tokenizers.pre_tokenizers import ByteLevel

        # the order is that of the merges file's reader; ids only have to be the same length
        letters = sorted(ByteLevel.alphabet())
        pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
        pieces += ["".join(merge.split()) for merge in self.merges]
        return {piece: number for number, piece in enumerate([*pieces, *STARTS])}


def draw_inputs(folder: Path, count: int) -> Inputs:
    """Draw at least ``count`` products and write the folder."""
    from uniecs.catalog.demo import generate_demo
    from uniecs.catalog.reading import read_rows

    catalog = folder / "catalog"
    generate_demo(catalog, products=max(24, round(1.35 * count)))
    usable = [
        (row["title"], f"{row['title']} . {row['description']}", catalog / row["image_paths"][0])
        for _, row in read_rows(catalog)
        if row["title"]
        and row["description"]
        and row["image_paths"]
        and _readable(catalog / row["image_paths"][0])
    ][:count]
    texts = [row[number % 2] for number, row in enumerate(usable)]
    (folder / TEXTS).write_text(json.dumps(texts))
    (folder / "pictures").mkdir()
    for number, (_, _, picture) in enumerate(usable):
        (folder / "pictures" / f"{number:05}{picture.suffix}").symlink_to(picture)
    with gzip.open(folder / MERGES, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(["#version: 0.2", *_learn_merges([row[1] for row in usable])]))
    return Inputs(folder)


def _readable(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, ValueError):
        return False
    return True


def _learn_merges(texts: list[str]) -> list[str]:
    """Byte-pair merges of the texts, with CLIP's way of splitting words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [" ".join(merge) for merge in merges]
