"""Prefect tasks of the flow `annotate`: each one call into `finercam_core`, with plain values in and out."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from finercam_core.explain.engine.shard import ShardReport
from finercam_core.store import StoreSummary, give_up, open_store, summarise, verify
from finercam_flows.direct import annotation
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.process.shard import ShardJob, compute_shard
from finercam_flows.retries import RETRY


@task(cache_policy=NO_CACHE, **RETRY)
def plan(options: AnnotateOptions) -> str:
    """Create or extend the store; where it is, see `finercam_flows.direct.annotation.plan`."""
    return annotation.plan(options)


@task(cache_policy=NO_CACHE)
def give_up_damaged(store: str) -> int:
    """Check every chunk and mark the damaged ones as not computed; how many there were."""
    return give_up(store, verify(store))


@task(cache_policy=NO_CACHE, **RETRY)
def annotate_shard(job: ShardJob) -> ShardReport:
    """Compute and write the evidence of one shard."""
    return compute_shard(job)


@task(cache_policy=NO_CACHE)
def summary(store: str) -> StoreSummary:
    """Count what the store holds."""
    return summarise(open_store(store))
