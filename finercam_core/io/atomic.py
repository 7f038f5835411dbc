"""Local files and folders that are there whole or not at all, whatever ends the process that writes them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from finercam_core.io.disk import steps

PARTIAL = ".partial"


@contextmanager
def replacing(target: Path, ending: str = PARTIAL) -> Iterator[Path]:
    """Path beside a target, for a file or a folder that takes its place when the context ends without an error.

    A reader sees the old or the new one, never a part; of a failed write nothing is left.

    Parameters
    ----------
    target : Path
        Its folder must exist. A file there is replaced; a folder must be removed within the context.
    ending : str
        Added to the target's name.
    """
    partial = target.with_name(f"{target.name}{ending}")
    _discard(partial)
    try:
        yield partial
        partial.replace(target)
    finally:
        _discard(partial)


def write_whole(target: Path, content: bytes | str | Path, *, ending: str = PARTIAL, durable: bool = False) -> None:
    """Write a file so that it is there in full or not at all; its folder is made.

    Parameters
    ----------
    target : Path
    content : bytes, str or Path
        Text is written as UTF-8; of a path, the content of that file.
    ending : str
        Added to the name while the file is written.
    durable : bool
        Whether the content is on the disk before the file takes its name, safe against power cuts.
    """
    changed = [*steps.make_folder(target.parent), target.parent]
    partial = target.with_name(f"{target.name}{ending}")
    try:
        if isinstance(content, Path):
            steps.copy_file(content, partial)
        else:
            steps.write_file(partial, content.encode() if isinstance(content, str) else content)
        if durable:
            steps.sync_file(partial)
        steps.rename(partial, target)
    except BaseException:
        steps.remove(partial)
        raise
    if durable:
        for folder in changed:
            steps.sync_folder(folder)


@contextmanager
def complete_or_absent(path: Path) -> Iterator[IO[str]]:
    """Open a text file for writing that takes its name only when the context ends without an error."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        yield file


def _discard(partial: Path) -> None:
    if partial.is_dir():
        shutil.rmtree(partial)
    else:
        partial.unlink(missing_ok=True)
