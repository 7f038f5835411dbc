"""The flow `report`: the atlas of a store, a page a species and a page a pair."""

from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.finer import GAMMA
from finercam_core.report import report as write_atlas
from finercam_flows.hooks import RETRY, say_why
from finercam_flows.options import Evaluation, Folder, Gamma, ImagesRoot, StoreLocation
from finercam_flows.progress import report_step


@flow(name="report", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
def report(
    store: StoreLocation, out: Folder, gamma: Gamma = GAMMA, images: ImagesRoot = None, evaluation: Evaluation = None
) -> dict[str, Any]:
    """Write the atlas of a store; its evaluation is made first where it does not hold any more.

    Parameters
    ----------
    store, out : str
        The store, and the folder for the pages.
    gamma : float
        Strength of the comparison in the maps shown.
    images : str, optional
        Folder of the collection's images, if it moved.
    evaluation : str, optional
        Folder of an evaluation that was made with the classifier: its faithfulness is taken up.

    Returns
    -------
    dict with index (the page to open), species and pairs (numbers of pages), unreadable (image_id to reason).
    """
    found = report_store(store, out, gamma=gamma, images=images, evaluation=evaluation)
    lines = [f"**{found['species']} species, {found['pairs']} pairs:** open `{Path(found['index']).resolve()}`"]
    lines += [f"- not shown: {image_id}: {why}" for image_id, why in list(found["unreadable"].items())[:20]]
    create_markdown_artifact(key="atlas", markdown="\n".join(lines), description=store)
    return found


@task(cache_policy=NO_CACHE, **RETRY)
def report_store(store: str, out: str, *, gamma: float, images: str | None, evaluation: str | None) -> dict[str, Any]:
    """Write the pages of a store."""
    found = write_atlas(store, out, gamma=gamma, images=images, checked=evaluation, progress=report_step)
    return {
        "index": str(found.index),
        "species": found.species,
        "pairs": found.pairs,
        "unreadable": dict(found.unreadable),
    }
