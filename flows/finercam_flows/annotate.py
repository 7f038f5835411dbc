"""The flow `annotate`: from a catalog and a classifier to a store of evidence maps."""

from functools import partial
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import create_table_artifact
from pydantic import Field

from finercam_core.explain.run import shards
from finercam_core.store import exclusive, pending_chunks
from finercam_core.store.files import Files
from finercam_flows import tasks
from finercam_flows.progress import report_plan


@flow(name="annotate", persist_result=False)
def annotate(
    catalog: str,
    classifier: str,
    store: str,
    references: Annotated[int, Field(ge=0, le=64)] = 8,
    references_by: str = "tier",
    method: str = "gradcam",
    device: str = "auto",
    batch_size: Annotated[int, Field(ge=1)] = 32,
    shard_size: Annotated[int, Field(ge=1)] = 512,
    retry_failed: bool = False,
    verify: bool = False,
) -> dict[str, Any]:
    """Store the evidence maps of every specimen of a catalog that is new, changed or not computed yet.

    Parameters
    ----------
    catalog, classifier, store : str
        Paths or URLs, see `open_catalog`, `load_classifier` and `create_store`.
    references : int
        Look-alike species that each species is compared with.
    references_by : str
        How they are chosen, see `policy_of`: "tier", "cosine", "confusions", a tree or a table.
    method : str
        Base method.
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

    Returns
    -------
    dict with the numbers of specimens done, failed and pending in the store, the causes of the failures, and what
    this run computed, how many damaged chunks it found, and the store that it wrote to: if the one asked for holds
    another run (another classifier, layer, method or choice of references), this is a new one beside it.
    """
    plan = partial(
        tasks.plan, catalog, classifier, store,
        references=references, references_by=references_by, method=method, device=device,
    )  # fmt: skip
    with exclusive(store):
        place = plan()
        Files(place).sweep_partial()
        damaged = tasks.give_up_damaged(place) if verify else 0
        if damaged:  # species that had to be given up as a whole are made again
            plan()
        pending = pending_chunks(place, retry_failed=retry_failed)
        report_plan(pending.specimens)
        done = [
            tasks.annotate_shard(place, shard, classifier, method=method, device=device, batch_size=batch_size)
            for shard in shards(pending, shard_size)
        ]
        found = tasks.summary(place)
    create_table_artifact(key="species", table=found["species"], description=f"Specimens by species in {place}")
    computed = {key: sum(shard[key] for shard in done) for key in ("done", "failed")}
    return {**found, "computed": computed, "damaged": damaged, "store": place}
