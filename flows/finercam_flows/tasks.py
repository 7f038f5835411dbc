"""Prefect tasks: each one call into `finercam_core`, with paths and plain values in and out."""

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from finercam_core.catalog import open_catalog
from finercam_core.explain import Classifier, load_classifier
from finercam_core.explain.annotate import annotate_chunks
from finercam_core.explain.run import plan_store
from finercam_core.policies import policy_of
from finercam_core.store import Chunk, give_up, open_store, summarise, verify
from finercam_core.train import train
from finercam_core.train.settings import read_settings
from finercam_flows.progress import report, report_step


@lru_cache(maxsize=1)
def classifier_of(spec: str, device: str) -> Classifier:
    """Load a classifier once a process."""
    return load_classifier(spec, device=device)


@task(cache_policy=NO_CACHE)
def plan(
    catalog: str, classifier: str, store: str, *, references: int, references_by: str, method: str, device: str
) -> str:
    """Create or extend the store; returns where it is: beside the one asked for, if that holds another run."""
    model, policy = classifier_of(classifier, device), policy_of(references_by, classifier)
    found = plan_store(store, open_catalog(catalog), model, references=references, method=method, policy=policy)
    return found.location


@task(cache_policy=NO_CACHE)
def give_up_damaged(store: str) -> int:
    """Check every chunk and mark the damaged ones as not computed; returns how many there were."""
    return give_up(store, verify(store))


@task(cache_policy=NO_CACHE)
def annotate_shard(
    store: str, chunks: list[Chunk], classifier: str, *, method: str, device: str, batch_size: int
) -> dict[str, int]:
    """Compute and write the evidence of one shard."""
    model = classifier_of(classifier, device)
    result = annotate_chunks(store, chunks, model, method=method, batch_size=batch_size, progress=report)
    return {"done": result.done, "failed": result.failed}


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
    """Count what the store holds."""
    found = summarise(open_store(store))
    return {**found.totals, "causes": found.causes, "species": found.species.to_dict("records")}
