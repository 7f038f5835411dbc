"""Text files that hold all masks: written to the side, and in place when they are complete."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def complete_or_absent(path: Path) -> Iterator[IO[str]]:
    """Open a text file for writing that takes its name only when the context ends without an error."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
