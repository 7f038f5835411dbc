"""Prefect tasks: each one call into `finercam_core`, with paths and plain values in and out."""

from dataclasses import asdict
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from finercam_core.catalog import open_catalog
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.references import policy_of
from finercam_core.store import give_up, open_store, summarise, verify
from finercam_core.train import train
from finercam_core.train.settings import read_settings
from finercam_flows.hooks import RETRY
from finercam_flows.process.shard import ShardJob, classifier_of, compute_shard
from finercam_flows.progress import report_step

FAILURES_SHOWN = 50


@task(cache_policy=NO_CACHE, **RETRY)
def plan(catalog: str, classifier: str, store: str, *, references_by: str, **settings: Any) -> str:
    """Create or extend the store; returns where it is: beside the one asked for, if that holds another run.

    Planning takes no GPU: its workers do.
    """
    model, policy = classifier_of(classifier, "cpu"), policy_of(references_by, classifier)
    found = plan_store(store, open_catalog(catalog), model, policy=policy, **settings)
    return found.location


@task(cache_policy=NO_CACHE)
def give_up_damaged(store: str) -> int:
    """Check every chunk and mark the damaged ones as not computed; returns how many there were."""
    return give_up(store, verify(store))


@task(cache_policy=NO_CACHE, **RETRY)
def annotate_shard(job: ShardJob) -> ShardReport:
    """Compute and write the evidence of one shard."""
    return compute_shard(job)


@task(cache_policy=NO_CACHE)
def train_classifier(
    catalog: str, model: str, out: str, *, settings: dict[str, Any], mode: str, **options: Any
) -> dict[str, Any]:
    """Train, and give back what was reached as plain values."""
    chosen = read_settings(mode, settings)
    found = train(open_catalog(catalog), out, model=model, mode=mode, settings=chosen, progress=report_step, **options)
    accuracy = [{"split": split, **asdict(value)} for split, value in found.accuracy.items() if value.n]
    return {"folder": str(found.folder), "accuracy": accuracy, "history": found.history, "words": str(found)}


@task(cache_policy=NO_CACHE)
def summary(store: str) -> dict[str, Any]:
    """Count what the store holds, with the first failures."""
    found = summarise(open_store(store))
    worst = found.failures.head(FAILURES_SHOWN).to_dict("records")
    return {**found.totals, "causes": found.causes, "species": found.species.to_dict("records"), "failures": worst}
