"""The journal of a run: one line of JSON for each settled file, kept even after a kill."""

import json
import os
import threading
import time
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.json

from finercam_core.fetch.records import FileKey, FileResult

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("what", "uri", "hashFunction", "hashValue", "path", "sha256", "format",
                                      "address", "etag", "modified", "reason", "detail", "kept", "time")]
    + [(name, pa.int64()) for name in ("bytes", "width", "height", "attempts")]
)  # fmt: skip
COLUMNS = SCHEMA.names


class Journal:
    """Append-only file, to which many threads may write.

    Parameters
    ----------
    path : Path
        The file; a line that a power cut left half-written is dropped.
    """

    seconds = 1.0

    def __init__(self, path: Path) -> None:
        _drop_half_line(path)
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()
        self._synced = time.monotonic()

    def append(self, key: FileKey, result: FileResult) -> None:
        """Add a line: it outlives the process at once, and a power cut after a second at most."""
        line = json.dumps({**asdict(key), **result.known()}, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            self._file.write(line)
            if time.monotonic() - self._synced > self.seconds:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()

    def close(self) -> None:
        """Sync everything to the disk and close the file."""
        with self._lock:
            os.fsync(self._file.fileno())
            self._file.close()


def read_journal(path: Path) -> pd.DataFrame:
    """All complete lines of a journal as a table with `COLUMNS`; an empty table if there is no journal."""
    if not path.exists():
        return no_results()
    _drop_half_line(path)
    if path.stat().st_size == 0:
        return no_results()
    options = pa.json.ParseOptions(explicit_schema=SCHEMA, unexpected_field_behavior="ignore")
    return results_frame(pa.json.read_json(path, parse_options=options))


def results_frame(table: pa.Table) -> pd.DataFrame:
    """Arrow table of results as a data frame of texts and whole numbers, "" and 0 where nothing is known."""
    columns = {}
    for field in SCHEMA:
        missing = "" if pa.types.is_string(field.type) else 0
        columns[field.name] = table[field.name].fill_null(missing).to_pandas()
    return pd.DataFrame(columns).astype({n: "str" for n in COLUMNS if pa.types.is_string(SCHEMA.field(n).type)})


def no_results() -> pd.DataFrame:
    """A table of results without rows."""
    return results_frame(SCHEMA.empty_table())


def _drop_half_line(path: Path) -> None:
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
