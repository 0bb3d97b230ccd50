"""A folder under a second name, without a second copy of its bytes where the disk allows."""

import os
import shutil
from pathlib import Path


def link_tree(source: Path, target: Path) -> None:
    """Give every file of ``source`` a name below ``target``; files already there stay.

    Repeating it after a kill finishes it. Whoever changes a file of either folder later must
    replace it and never write into it.
    """
    shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    if Path(target).exists():
        return
    try:
        os.link(source, target)
    except OSError:  # another device, or a file system without links
        unfinished = f"{target}.tmp"
        shutil.copy2(source, unfinished)
        Path(unfinished).replace(target)
