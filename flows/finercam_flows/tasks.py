"""Prefect tasks of the flow `annotate`: each one call into `finercam_core`, with plain values in and out."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from finercam_core.catalog import open_catalog
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.references import policy_of
from finercam_core.store import StoreSummary, give_up, open_store, summarise, verify
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.process.shard import ShardJob, classifier_of, compute_shard
from finercam_flows.retries import RETRY


@task(cache_policy=NO_CACHE, **RETRY)
def plan(options: AnnotateOptions) -> str:
    """Create or extend the store; where it is: beside the one asked for, if that holds another run.

    Planning takes no GPU: its workers do.
    """
    store = plan_store(
        options.store,
        open_catalog(options.catalog),
        classifier_of(options.classifier, "cpu"),
        references=options.references,
        method=options.method,
        gamma=options.gamma,
        policy=policy_of(options.references_by, options.classifier),
    )
    return store.location


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
