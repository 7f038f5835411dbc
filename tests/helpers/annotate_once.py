"""One run of the engine without an orchestrator: `python annotate_once.py CATALOG STORE`; decodes in processes."""

import sys

from exact_classifier import exact

from finercam_core.catalog import open_catalog
from finercam_core.explain.engine.plan import plan_store, shards
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.io.files import Files
from finercam_core.store import exclusive, pending_chunks


def annotate_once(catalog: str, location: str, *, processes: bool = False) -> None:
    classifier = exact()
    with exclusive(location):
        Files(location).sweep_partial()
        place = plan_store(location, open_catalog(catalog), classifier, references=3).location
        for shard in shards(pending_chunks(place), 256):
            annotate_chunks(place, shard, classifier, batch_size=16, decoders=2, processes=processes)


if __name__ == "__main__":
    annotate_once(*sys.argv[1:], processes=True)
