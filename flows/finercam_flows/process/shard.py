"""One shard in the process that computes it: the classifier loaded once, one shard at a time, one process per GPU."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import Literal

from finercam_core.errors import counted
from finercam_core.explain import Classifier, load_classifier
from finercam_core.explain.engine.decoders import start_processes
from finercam_core.explain.engine.shard import ShardReport, annotate_chunks
from finercam_core.permissions import AllowedFactories
from finercam_core.store import Chunk
from finercam_core.store.backlog import without_written
from finercam_core.store.lock import lent
from finercam_core.store.sharing import claim
from finercam_flows.process import gpus, logs
from finercam_flows.progress import report_written

log = logging.getLogger(__name__)
_one_at_a_time = Lock()  # a Dask worker may have several threads: they share the model and its GPU


@dataclass(frozen=True)
class ShardJob:
    """What a worker process needs to know to compute a shard.

    Attributes
    ----------
    store : str
        Its location.
    chunks : sequence of Chunk
    classifier : str
        See `load_classifier`.
    factories : AllowedFactories
        Functions that it may call to build the classifier.
    device : str
    batch_size : int or "auto"
        As in the flow `annotate`.
    lease : str
        Token of the run, which a worker process finds out by whether the run still may write; "" for none.
    resumed : bool
        Another worker may have been lost with this shard: chunks that it has written are not computed again.
    shard : str
        Of a store that several share: the shard's name, which the worker claims for the run; "" for none.
    dead : frozenset of str
        Tokens of writers whose claims are taken over.
    retry_failed : bool
        Of a store that several share: compute what has failed although another may have tried it just now.
    """

    store: str
    chunks: Sequence[Chunk]
    classifier: str
    factories: AllowedFactories
    device: str
    batch_size: int | Literal["auto"]
    lease: str = ""
    resumed: bool = False
    shard: str = ""
    dead: frozenset[str] = frozenset()
    retry_failed: bool = False

    @property
    def name(self) -> str:
        """Its first chunk, and how many there are."""
        first = self.chunks[0] if self.chunks else None
        return "" if first is None else f"{first.group}/{first.index}, {counted(len(self.chunks), 'chunk')}"


@lru_cache(maxsize=1)
def classifier_of(spec: str, device: str, factories: AllowedFactories) -> Classifier:
    """Load a classifier, once per process."""
    return load_classifier(spec, device=device, factories=factories)


def compute_shard(job: ShardJob) -> ShardReport:
    """Compute and write the evidence of a shard.

    Returns
    -------
    ShardReport
        Numbers of specimens done, those that a lost worker had written included, and failed.
    """
    if not job.shard:
        return _computed(job, *(without_written(job.store, job.chunks) if job.resumed else (job.chunks, 0)))
    with claim(job.store, job.shard, job.lease, job.dead) as taken:
        if not taken:
            return ShardReport(0, 0, skipped=1)
        left, _ = without_written(job.store, job.chunks, failed=not job.retry_failed)
        return _computed(job, left, 0) if left else ShardReport(0, 0)


def _computed(job: ShardJob, chunks: Sequence[Chunk], written: int) -> ShardReport:
    with _one_at_a_time, gpus.held(job.device) as device, lent(job.store, job.lease, job.shard), logs.shard(job.name):
        if device.startswith("cuda"):
            start_processes()
        model = classifier_of(job.classifier, device, job.factories)
        report = annotate_chunks(job.store, chunks, model, batch_size=job.batch_size, progress=report_written)
        log.info("%d specimens done, %d failed", report.done, report.failed, extra={"store": job.store})
    return replace(report, done=report.done + written)
