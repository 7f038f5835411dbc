"""Tables of a long run kept on disk: a stopped run resumes where it was, an unchanged one repeats nothing."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.io.atomic import write_whole
from finercam_core.store import Store

Tables = Mapping[str, pd.DataFrame]
_KEY = "key.json"


def kept(folder: Path, key: Mapping[str, str], make: Callable[[], Tables]) -> tuple[Tables, bool]:
    """Tables from a folder if its key is the same, else made and put there; and whether they were there.

    The key is written last and removed first: tables that a kill left half written are never taken for whole.
    """
    key_file = folder / _KEY
    if key_file.exists():
        known = json.loads(key_file.read_text(encoding="utf-8"))
        if known.get("key") == dict(key):
            return {name: pd.read_parquet(folder / f"{name}.parquet") for name in known["tables"]}, True
    tables = make()
    folder.mkdir(parents=True, exist_ok=True)
    key_file.unlink(missing_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    write_whole(key_file, json.dumps({"key": dict(key), "tables": list(tables)}))
    return tables, False


def forget(folder: Path) -> None:
    """Have the tables of a folder made again the next time."""
    (folder / _KEY).unlink(missing_ok=True)


def species_folder(folder: Path, species: str) -> Path:
    """Folder of one species' tables, named by a hash, because names may hold any character."""
    return folder / short_hash(species.encode())


def short_hash(content: bytes) -> str:
    """SHA-256 of some bytes, its first 16 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:16]


def fingerprint(*parts: object) -> str:
    """Hash of plain JSON values, 16 hexadecimal digits."""
    return short_hash(json.dumps(parts, sort_keys=True).encode())


def state_fingerprint(store: Store, species: str) -> str:
    """Hash of the states of a species' specimens, 16 hexadecimal digits: it changes when one is computed again."""
    return short_hash(np.asarray(store.species_dataset(species)["state"].values).tobytes())
