"""The flow `evaluate`: what a store's maps show, measured; with the classifier also whether it uses what they show."""

from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.evaluate import Protocol
from finercam_core.evaluate import evaluate as measure
from finercam_core.evaluate.protocol import GAMMAS
from finercam_core.evaluate.with_truth.energy_table import overall_in_words
from finercam_core.evaluate.with_truth.planted_traits import planted_in, planted_summary, rendered_truth
from finercam_core.finer import GAMMA, WEIGHTINGS
from finercam_core.store import open_store
from finercam_flows.hooks import RETRY, say_why
from finercam_flows.options import (
    Baselines,
    BatchSize,
    Boxes,
    Device,
    Fill,
    Folder,
    Gamma,
    Gammas,
    ImagesRoot,
    Limit,
    Methods,
    OptionalClassifier,
    Planted,
    Published,
    Seed,
    Share,
    Split,
    Steps,
    StoreLocation,
    WeightingName,
    WeightingNames,
)
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
    boxes: Boxes = None,
    planted: Planted = False,
    beside: Published = None,
    classifier: OptionalClassifier = None,
    gammas: Gammas = GAMMAS,
    weightings: WeightingNames = WEIGHTINGS,
    methods: Methods = (),
    baselines: Baselines = (),
    fill: Fill = "mean",
    steps: Steps = 20,
    limit: Limit = None,
    device: Device = "auto",
    batch_size: BatchSize = 64,
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
    boxes : str, optional
        Table of boxes around the specimens, see `finercam_core.evaluate.specimen_regions.read_boxes`.
    planted : bool
        For a rendered collection: rank the traits that truly differ, and measure the energy in the true regions, by
        the collection's `truth.json`.
    beside : str, optional
        Published figures to print ours beside: "paper" or a CSV, see `finercam_core.evaluate.published`.
    classifier : str, optional
        The one that the store was made with: faithfulness and sanity checks are measured too.
    gammas, weightings, methods, baselines, fill, steps, limit, batch_size
        Of faithfulness, see `finercam_core.evaluate.with_model.checks.check`.
    device : str
        For the classifier.

    Returns
    -------
    dict with folder, species, reused (species whose figures were there), left_out (specimens), caveats, planted,
    truth and cost (of faithfulness): the last three in words.
    """
    settings = {"gamma": gamma, "weighting": weighting, "split": split, "top": top, "seed": seed}
    cost = ""
    if classifier is not None:
        more = {
            "gammas": list(gammas), "weightings": list(weightings), "methods": list(methods),
            "baselines": list(baselines), "fill": fill, "steps": steps, "limit": limit,
        }  # fmt: skip
        cost = check_store(
            store, out, classifier, settings, images=images, device=device, batch_size=batch_size, options=more
        )
    found = evaluate_store(store, out, settings, images=images, boxes=boxes, planted=planted, beside=beside)
    page = Path(found["folder"]) / "evaluation.md"
    if page.is_file():
        create_markdown_artifact(key="evaluation", markdown=page.read_text(encoding="utf-8"), description=store)
    return {**found, "cost": cost}


@task(cache_policy=NO_CACHE, **RETRY)
def check_store(
    store: str,
    out: str,
    classifier: str,
    settings: dict[str, Any],
    *,
    images: str | None,
    device: str,
    batch_size: int,
    options: dict[str, Any],
) -> str:
    """Measure faithfulness and sanity with the classifier; the cost in words."""
    from finercam_core.evaluate.with_model.checks import check  # torch is loaded where it is needed
    from finercam_core.explain import load_classifier

    model = load_classifier(classifier, device=device)
    _, found = check(
        store, model, out, protocol=Protocol(**settings), images=images, batch_size=batch_size, progress=report_step,
        **options,
    )  # fmt: skip
    return str(found)


@task(cache_policy=NO_CACHE, **RETRY)
def evaluate_store(
    store: str, out: str, settings: dict[str, Any], *, images: str | None, boxes: str | None, planted: bool,
    beside: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Write the figures of a store."""
    known: dict[str, Any] = {}
    if planted:
        opened = open_store(store, images=images)
        known = {"planted": planted_in(opened.images_root), "truth": rendered_truth(opened)}
    found = measure(
        store, out, protocol=Protocol(**settings), images=images, boxes=boxes, published=beside, progress=report_step,
        **known,
    )  # fmt: skip
    return {
        "folder": str(found.folder),
        "species": int(found.specimens["scientificName"].nunique()),
        "reused": found.reused,
        "left_out": len(found.left_out),
        "caveats": len(found.caveats),
        "planted": planted_summary(found.planted) if planted else "",
        "truth": overall_in_words(found.truth),
    }
