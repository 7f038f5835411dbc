"""The Zarr hierarchy of evidence maps, keyed by species: planned once, written by chunk, read with xarray.

`create_store` plans slots and creates or extends a store, `pending_chunks` lists what is left to compute,
`write_chunk` writes one chunk, and `open_store` reads. See docs/store.md for the layout.
"""

from finercam_core.store.backlog import Backlog, Chunk, pending_chunks
from finercam_core.store.chunks import ChunkResult, write_chunk
from finercam_core.store.integrity.giving_up import give_up
from finercam_core.store.integrity.repair import Repair, repair
from finercam_core.store.integrity.verify import Damage, verify
from finercam_core.store.layout import CHUNK, SCHEMA_VERSION
from finercam_core.store.lock import Hold, exclusive
from finercam_core.store.planning.planner import create_store
from finercam_core.store.provenance import Provenance, RunSettings
from finercam_core.store.reader import SpecimenRecord, Store, open_store
from finercam_core.store.runs import RunPlace, newest_run, runs_beside
from finercam_core.store.summary import StoreSummary, summarise

__all__ = [
    "CHUNK",
    "SCHEMA_VERSION",
    "Backlog",
    "Chunk",
    "ChunkResult",
    "Damage",
    "Hold",
    "Provenance",
    "Repair",
    "RunPlace",
    "RunSettings",
    "SpecimenRecord",
    "Store",
    "StoreSummary",
    "create_store",
    "exclusive",
    "give_up",
    "newest_run",
    "open_store",
    "pending_chunks",
    "repair",
    "runs_beside",
    "summarise",
    "verify",
    "write_chunk",
]
