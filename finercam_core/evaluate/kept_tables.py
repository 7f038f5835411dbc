"""Tables of a long run kept on disk: a stopped run goes on where it was, an unchanged one repeats nothing."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.store import Store

Tables = Mapping[str, pd.DataFrame]


def kept(folder: Path, key: Mapping[str, str], make: Callable[[], Tables]) -> tuple[Tables, bool]:
    """Tables from a folder if its key is the same, else made and put there; and whether they were there.

    The key is written last and removed first: tables that a kill left half written are never taken for whole.
    """
    note = folder / "key.json"
    if note.exists():
        known = json.loads(note.read_text(encoding="utf-8"))
        if known.get("key") == dict(key):
            return {name: pd.read_parquet(folder / f"{name}.parquet") for name in known["tables"]}, True
    tables = make()
    folder.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    partial = note.with_suffix(".partial")
    partial.write_text(json.dumps({"key": dict(key), "tables": list(tables)}), encoding="utf-8")
    partial.replace(note)
    return tables, False


def place_of(folder: Path, species: str) -> Path:
    """Folder of one species' tables, named by a hash: names may hold any character."""
    return folder / hashlib.sha256(species.encode()).hexdigest()[:16]


def fingerprint(*parts: object) -> str:
    """Hash of plain values, 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def states(store: Store, species: str) -> str:
    """Hash of the states of a species' specimens: it changes when one is computed again."""
    found = np.asarray(store.species_dataset(species)["state"].values)
    return hashlib.sha256(found.tobytes()).hexdigest()[:16]
