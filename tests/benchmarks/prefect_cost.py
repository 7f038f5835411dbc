"""What Prefect costs a run of 20,000 specimens: `python tests/benchmarks/prefect_cost.py [images per second]`.

A Prefect server is started on 127.0.0.1. The flow `annotate` then runs over shards that compute nothing, and the same
steps run once more as plain calls. The difference is the cost of Prefect's tasks, artifacts and log; it is printed in
seconds and as a percentage of the time that the specimens take at the given rate.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import torch
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.process.shard import ShardJob
from torch import nn

from finercam_core.explain import Classifier
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.images.preparation import Preparation

SPECIMENS, SPECIES = 20_000, 200
NAMES = [f"Aus {chr(97 + k // 26)}{chr(97 + k % 26)}us" for k in range(SPECIES)]


def stand_in() -> Classifier:
    torch.manual_seed(0)
    features = nn.Conv2d(3, 8, 8, stride=8)
    parts = {"features": features, "pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "head": nn.Linear(8, 200)}
    model = nn.Sequential()
    for name, part in parts.items():
        model.add_module(name, part)
    return Classifier(model.eval(), NAMES, target_layer="features", preparation=Preparation(32, 32), name="stand-in")


def nothing(job: ShardJob) -> ShardReport:
    return ShardReport(sum(map(len, job.chunks)), 0)


def main(rate: float) -> None:
    with tempfile.TemporaryDirectory(prefix="finercam-prefect-") as folder, server(Path(folder)):
        from finercam_flows import annotate, tasks

        rows = [(f"{i:05d}", NAMES[i % SPECIES], "Ausidae", f"{i}.jpg", f"{i:032x}", "md5") for i in range(SPECIMENS)]
        columns = ["image_id", "scientificName", "family", "path", "hashValue", "hashFunction"]
        pd.DataFrame(rows, columns=columns).to_csv(f"{folder}/catalog.csv", index=False)
        flow, steps = annotate.annotate, ("plan", "annotate_shard", "summary")
        with patch.object(tasks, "compute_shard", nothing), patch.object(tasks, "classifier_of", lambda *_: stand_in()):
            options = AnnotateOptions(
                catalog=f"{folder}/catalog.csv", classifier="stand-in", store=f"{folder}/maps.zarr"
            )
            flow(**dict(options))  # creates the groups, so that they exist for both of the runs below
            start = time.perf_counter()
            flow(**dict(options))
            whole = time.perf_counter() - start
            plain = {name: getattr(tasks, name).fn for name in steps}
            start = time.perf_counter()
            store = plain["plan"](options)
            for shard in annotate.shards(annotate.pending_chunks(store), 512):
                plain["annotate_shard"](ShardJob(store, shard, "stand-in", "cpu", 32))
            plain["summary"](store)
            alone = time.perf_counter() - start
    cost, work = whole - alone, SPECIMENS / rate
    print(f"{SPECIMENS} specimens in {-(-SPECIMENS // 512)} shards: {whole:.1f} s with Prefect, {alone:.1f} s without; "
          f"{cost:.1f} s are {100 * cost / work:.2f} % of {work:.0f} s at {rate:g} images per second")  # fmt: skip


@contextmanager
def server(home: Path) -> Iterator[None]:
    from finercam_flows.cli import set_prefect_defaults

    set_prefect_defaults()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    os.environ |= {"PREFECT_HOME": str(home), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
                   "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/server.db"}  # fmt: skip
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            until = time.monotonic() + 120
            while True:
                try:
                    urllib.request.urlopen(f"{os.environ['PREFECT_API_URL']}/health", timeout=5).close()
                    break
                except OSError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.3)
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 15.0)
