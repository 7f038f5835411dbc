"""The flow `evaluate`: what a store's maps show, measured; no model, no torch."""

from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.evaluate import Protocol
from finercam_core.evaluate import evaluate as measure
from finercam_core.finer import GAMMA
from finercam_flows.hooks import RETRY, say_why
from finercam_flows.parameters import Folder, Gamma, ImagesRoot, Seed, Share, Split, StoreLocation, WeightingName
from finercam_flows.progress import report_step


@flow(name="evaluate", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
def evaluate(
    store: StoreLocation,
    out: Folder,
    gamma: Gamma = GAMMA,
    weighting: WeightingName = "mean",
    split: Split = "auto",
    top: Share = 0.05,
    seed: Seed = 0,
    images: ImagesRoot = None,
) -> dict[str, Any]:
    """Measure what the maps of a store show: tables with intervals, plots, one JSON of everything.

    Parameters
    ----------
    store, out : str
        The store, and the folder for the figures; figures that still hold are kept.
    gamma, weighting, split, top, seed
        See `finercam_core.evaluate.Protocol`.
    images : str, optional
        Folder of the collection's images, if it moved.

    Returns
    -------
    dict with folder, species, reused (species whose figures were there), left_out (specimens), caveats.
    """
    settings = {"gamma": gamma, "weighting": weighting, "split": split, "top": top, "seed": seed}
    found = evaluate_store(store, out, settings, images=images)
    page = Path(found["folder"]) / "evaluation.md"
    if page.is_file():
        create_markdown_artifact(key="evaluation", markdown=page.read_text(encoding="utf-8"), description=store)
    return found


@task(cache_policy=NO_CACHE, **RETRY)
def evaluate_store(store: str, out: str, settings: dict[str, Any], *, images: str | None) -> dict[str, Any]:
    """Write the figures of a store."""
    found = measure(store, out, protocol=Protocol(**settings), images=images, progress=report_step)
    return {
        "folder": str(found.folder),
        "species": int(found.specimens["scientificName"].nunique()),
        "reused": found.reused,
        "left_out": len(found.left_out),
        "caveats": len(found.caveats),
    }
