"""One of several writers of a store, without a model: `python shared_writer.py STORE IMAGES EACH`."""

import os
import sys
import time
from pathlib import Path

from planned_store import CLASSES, plan_at, result

from finercam_core.store import exclusive, pending_chunks, write_chunk
from finercam_core.store.backlog import without_written
from finercam_core.store.lock import lent
from finercam_core.store.sharing import CLAIM_ROWS, claim, dead_owners, joined, shard_name

PAUSE = float(os.environ.get("FINERCAM_TEST_SLEEP", "0.01"))


def write_share(place: str, images: str, each: int) -> int:
    """Plan the store with the others, and write what nobody else has; how many chunks this one wrote."""
    counts = dict.fromkeys(CLASSES, each)
    written, dead = 0, set[str]()
    with joined(place) as member:
        with exclusive(place, member=member.token):
            plan_at(place, Path(images), counts)
        print("planned", flush=True)
        first = int(member.token[:8], 16) / 16**8
        while True:
            skipped = 0
            for number, chunks in pending_chunks(place).in_shards(CLAIM_ROWS, first):
                name = shard_name(place, number)
                with claim(place, name, member.token, dead) as taken:
                    if not taken:
                        skipped += 1
                        continue
                    left, _ = without_written(place, chunks, failed=True)
                    with lent(place, member.token, name):
                        for chunk in left:
                            write_chunk(place, chunk, result(chunk))
                            written += 1
                            time.sleep(PAUSE)
            found = dead_owners(place, member.token) if skipped else set()
            if not found:
                return written
            dead |= found


if __name__ == "__main__":
    print(write_share(sys.argv[1], sys.argv[2], int(sys.argv[3])), flush=True)
