"""The flow `annotate`: from a catalog and a classifier to a store of evidence maps."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from prefect import flow

from finercam_core.explain.engine.plan import shards
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.io.files import Files
from finercam_core.store import exclusive, pending_chunks
from finercam_flows import tasks
from finercam_flows.artifacts import tables
from finercam_flows.artifacts.contact_sheet import ContactSheet
from finercam_flows.artifacts.run_record import RunRecord
from finercam_flows.hooks import say_why
from finercam_flows.options import (
    BatchSize,
    CatalogSource,
    ClassifierSpec,
    Device,
    Method,
    OptionalGamma,
    References,
    ReferencesBy,
    RetryFailed,
    Runner,
    ShardSize,
    StoreLocation,
    Verify,
    Workers,
)
from finercam_flows.process.runners import runner_for, spread, workers_for
from finercam_flows.process.shard import ShardJob
from finercam_flows.progress import report_plan, report_written


@flow(name="annotate", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
def annotate(
    catalog: CatalogSource,
    classifier: ClassifierSpec,
    store: StoreLocation,
    references: References = 8,
    references_by: ReferencesBy = "tier",
    method: Method = "gradcam",
    gamma: OptionalGamma = None,
    device: Device = "auto",
    batch_size: BatchSize = 32,
    shard_size: ShardSize = 512,
    retry_failed: RetryFailed = False,
    verify: Verify = False,
    runner: Runner = "local",
    workers: Workers = 0,
) -> dict[str, Any]:
    """Store the evidence maps of every specimen of a catalog that is new, changed or not computed yet.

    Parameters
    ----------
    catalog, classifier, store : str
        Paths or URLs, see `open_catalog`, `load_classifier` and `create_store`.
    references : int
        Look-alike species that each species is compared with.
    references_by : str
        How they are chosen, see `policy_of`: "tier", "cosine", "logits", "confusions", a tree or a table.
    method : str
        Base method.
    gamma : float, optional
        Strength of the comparison for methods that are not linear in the scores; the others take any later.
    device : str
        "auto", "cpu", "cuda" or "cuda:1".
    batch_size : int
        Images a forward pass.
    shard_size : int
        Specimens a task.
    retry_failed : bool
        Compute failed specimens again although their images did not change.
    verify : bool
        Check every chunk first and compute damaged ones again.
    runner : str
        "local", "dask", or the address of a Dask scheduler, see `runners.runner_for`.
    workers : int
        Worker processes; 0 for one a GPU, or one in all.

    Returns
    -------
    dict with the numbers of specimens done, failed and pending in the store, the causes of the failures, and what
    this run computed, how many damaged chunks it found, and the store that it wrote to: if the one asked for holds
    another run (another classifier, layer, method or choice of references), this is a new one beside it.
    """
    plan = partial(
        tasks.plan, catalog, classifier, store,
        references=references, references_by=references_by, method=method, gamma=gamma,
    )  # fmt: skip
    with exclusive(store):
        place = plan()
        Files(place).sweep_partial()
        damaged = tasks.give_up_damaged(place) if verify else 0
        if damaged:  # species that had to be given up as a whole are made again
            plan()
        pending, sheet = pending_chunks(place, retry_failed=retry_failed), ContactSheet(place)
        report_plan(pending.specimens)
        processes = workers_for(runner, workers, device)
        record = RunRecord(place, pending.specimens, runner, processes)
        jobs = (
            ShardJob(place, shard, classifier, device, batch_size) for shard in shards(sheet.watch(pending), shard_size)
        )
        for outcome in _compute(jobs, runner, processes):
            record.add(outcome.done, outcome.failed)
        record.finish()
        found = tasks.summary(place)
    tables.publish_species(found, place)
    tables.publish_failures(found, place)
    sheet.publish()
    computed = {"done": record.activity.done, "failed": record.activity.failed}
    return {**found, "computed": computed, "damaged": damaged, "store": place}


def _compute(jobs: Iterator[ShardJob], runner: str, workers: int) -> Iterator[ShardReport]:
    """Outcome of each shard, as soon as it is computed."""
    chosen = runner_for(runner, workers)
    if chosen is None:
        for job in jobs:
            yield tasks.annotate_shard(job)
        return
    # Dask silently runs the shard of a lost worker again by itself.
    resumable = (replace(job, resumed=runner != "local") for job in jobs)
    for outcome in spread(tasks.annotate_shard, resumable, chosen, workers=workers):
        report_written(outcome.done, outcome.failed)
        yield outcome
