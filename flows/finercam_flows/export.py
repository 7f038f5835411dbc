"""The flow `export`: masks of a store into a folder."""

from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.export import export as write_masks
from finercam_flows.hooks import RETRY, say_why
from finercam_flows.options import Folder, MaskFormat, OptionalGamma, Share, StoreLocation, Which
from finercam_flows.progress import report_step


@flow(name="export", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
def export(
    store: StoreLocation,
    to: Folder,
    format: MaskFormat = "coco",
    which: Which = "accepted",
    gamma: OptionalGamma = None,
    top: Share = 0.05,
) -> dict[str, Any]:
    """Write trait masks at image resolution.

    Parameters
    ----------
    store, to : str
        The store, and the folder for the masks.
    format, which, gamma, top
        See `finercam_core.export.export`.

    Returns
    -------
    dict with folder, masks (how many) and failed (image_id to reason).
    """
    found = export_store(store, to, format=format, which=which, gamma=gamma, top=top)
    lines = [f"**{found['masks']} {which} masks** in `{found['folder']}`"]
    lines += [f"- not exported: {image_id}: {why}" for image_id, why in list(found["failed"].items())[:20]]
    create_markdown_artifact(key="masks", markdown="\n".join(lines), description=store)
    return found


@task(cache_policy=NO_CACHE, **RETRY)
def export_store(store: str, to: str, *, format: str, which: str, gamma: float | None, top: float) -> dict[str, Any]:
    """Write the masks of a store."""
    found = write_masks(store, to, format=format, which=which, gamma=gamma, top=top, progress=report_step)
    return {"folder": str(found.folder.resolve()), "masks": found.masks, "failed": dict(found.failed)}
