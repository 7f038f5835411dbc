"""The journal of a run: a line of JSON for each file that is settled, there even after a kill."""

import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.json

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("what", "uri", "hashFunction", "hashValue", "path", "sha256", "format",
                                      "address", "etag", "modified", "reason", "detail", "kept", "time")]
    + [(name, pa.int64()) for name in ("bytes", "width", "height", "attempts")]
)  # fmt: skip
COLUMNS = SCHEMA.names


class Journal:
    """Append-only; may be written to from many threads.

    Parameters
    ----------
    path : Path
        The file; a line that a power cut left half-written is dropped.
    """

    seconds = 1.0

    def __init__(self, path: Path) -> None:
        _mend(path)
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()
        self._synced = time.monotonic()

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add a line: it survives the process at once, and the machine after a second at most."""
        line = json.dumps(entry, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            self._file.write(line)
            if time.monotonic() - self._synced > self.seconds:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()

    def close(self) -> None:
        """Bring everything to the disk."""
        with self._lock:
            os.fsync(self._file.fileno())
            self._file.close()


def read_journal(path: Path) -> pd.DataFrame:
    """All whole lines of a journal as a table with `COLUMNS`; empty when there is none."""
    if not path.exists():
        return empty()
    _mend(path)
    if path.stat().st_size == 0:
        return empty()
    options = pa.json.ParseOptions(explicit_schema=SCHEMA, unexpected_field_behavior="ignore")
    return frame(pa.json.read_json(path, parse_options=options))


def frame(table: pa.Table) -> pd.DataFrame:
    """Table of results as pandas has it here: texts and whole numbers, "" and 0 where nothing is known."""
    columns = {}
    for field in SCHEMA:
        missing = "" if pa.types.is_string(field.type) else 0
        columns[field.name] = table[field.name].fill_null(missing).to_pandas()
    return pd.DataFrame(columns).astype({n: "str" for n in COLUMNS if pa.types.is_string(SCHEMA.field(n).type)})


def empty() -> pd.DataFrame:
    """A table of results without rows."""
    return frame(SCHEMA.empty_table())


def _mend(path: Path) -> None:
    """Cut off what follows the last line end."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        keep = size
        while keep:
            step = min(keep, 1 << 16)
            file.seek(keep - step)
            end = file.read(step).rfind(b"\n")
            if end >= 0:
                keep = keep - step + end + 1
                break
            keep -= step
        if keep != size:
            file.truncate(keep)
