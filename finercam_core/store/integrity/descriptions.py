"""What the descriptions of a store say otherwise than they should: its root, its groups, their arrays."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import zarr

from finercam_core.errors import StoreError
from finercam_core.io.faults import first_line
from finercam_core.io.files import Files
from finercam_core.store.integrity.digests import DIGEST, contradiction
from finercam_core.store.layout import SPECIES_ATTRIBUTES, array_nodes
from finercam_core.store.provenance import Provenance, read_provenance

DESCRIPTION = "zarr.json"


def root_record(files: Files) -> Provenance:
    """How the maps of a store were made.

    Raises
    ------
    StoreError
        If the description of its root is damaged or gone.
    """
    try:
        root = files.group()
        provenance, problem = read_provenance(root), contradiction(root.attrs)
    except StoreError:
        raise
    except Exception as error:  # Zarr raises whatever damaged JSON makes it raise
        raise StoreError(f"{DESCRIPTION} is damaged or gone: {first_line(error)}") from error
    if provenance is None or problem:
        raise StoreError(f"{DESCRIPTION} is damaged: {problem or 'it has no record of how the maps were made'}")
    return provenance


def misdescribed(opened: zarr.Group, arrays: Mapping[str, Any], rows: pd.DataFrame, classes: int) -> str:
    """What the description of a species' group or of its arrays says otherwise than the plan; "" if they agree."""
    if problem := contradiction(opened.attrs):
        return problem
    if DIGEST not in opened.attrs and (strange := sorted(set(opened.attrs) - set(SPECIES_ATTRIBUTES))):
        return f"it has no digest, and says {strange[0]!r}, which nobody wrote"
    if opened.attrs["scientificName"] != rows["scientificName"].iloc[0]:
        return f"it is described as {opened.attrs['scientificName']!r}"
    short = [name for name, array in arrays.items() if name != "class" and array.shape[0] < len(rows)]
    if short:
        return f"{' and '.join(short)} has fewer slots than the plan, {len(rows)}"
    values = [name for name in arrays if name not in ("state", "specimen", "class")]
    expected = array_nodes(1, classes, arrays["evidence"].shape[2:], values)
    changed = [name for name, array in arrays.items() if _fixed(array.metadata) != _fixed(expected[name])]
    return f"{' and '.join(changed)} is described otherwise than it was written" if changed else ""


def _fixed(metadata: Any) -> str:
    """All that stays of an array's description while the species grows, in words that NaN is equal in."""
    described = metadata.to_dict()
    return str({**described, "shape": tuple(described["shape"])[1:]} if described["dimension_names"] else described)


def broken_parents(files: Files, groups: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Families and genera whose own description cannot be read, with the reason."""
    parents = sorted({part for group in groups for part in (group.split("/")[0], group.rpartition("/")[0])})
    contents = files.read_many([f"{parent}/{DESCRIPTION}" for parent in parents])
    for parent, content in zip(parents, contents, strict=True):
        if content is None:
            yield parent, "its description is gone"
            continue
        try:
            described = json.loads(content)
        except ValueError as error:
            yield parent, f"its description is damaged: {first_line(error)}"
            continue
        if described != {"attributes": {}, "zarr_format": 3, "node_type": "group"}:
            yield parent, "its description is not that of a group"
