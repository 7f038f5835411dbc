"""`finercam annotate`: evidence maps of a whole collection into a store."""

from typing import Annotated

import typer

from finercam_core.base_methods import BASE_METHODS
from finercam_flows.screen.annotation_summary import print_annotation
from finercam_flows.screen.bars import run_bar

_METHODS = f"Base method: {', '.join(BASE_METHODS)}; see docs/methods.md."
_GAMMA = "Strength of the comparison, fixed for methods not linear in the scores; the others take any γ later."
_BY = "tier (closest relatives), cosine, logits (by image), confusions, a tree (.nwk, .nex) or table species,reference."


def annotate(
    catalog: Annotated[str, typer.Argument(help="Manifest (TOML), table, Darwin Core Archive or folder of images.")],
    classifier: Annotated[
        str, typer.Option(help="Folder that train wrote, hf-hub:owner/name, CLIP prompts (TOML) or module:function.")
    ],
    store: Annotated[str, typer.Option(help="Where the maps go: a folder or a URL such as s3://bucket/maps.zarr.")],
    references: Annotated[int, typer.Option(min=0, max=64, help="Look-alikes that each species is compared with.")] = 8,
    references_by: Annotated[str, typer.Option(help=_BY)] = "tier",
    method: Annotated[str, typer.Option(help=_METHODS)] = "gradcam",
    gamma: Annotated[float | None, typer.Option(min=0, help=_GAMMA)] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Images a forward pass.")] = 32,
    shard_size: Annotated[int, typer.Option(min=1, help="Specimens a task.")] = 512,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try failed specimens again.")] = False,
    runner: Annotated[str, typer.Option(help="local, dask (a cluster of this machine), or tcp://host:port.")] = "local",
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one a GPU, or one in all.")] = 0,
    verify: Annotated[bool, typer.Option("--verify", help="First check every chunk; redo damaged ones.")] = False,
) -> None:
    """Store the evidence maps of every specimen; stopped runs go on where they were.

    Example: finercam annotate catalogs/fish-vista.toml --classifier classifier --store maps.zarr
    """
    from finercam_flows.annotate import annotate as flow

    with run_bar():
        found = flow(
            catalog, classifier, store, references=references, references_by=references_by, method=method,
            gamma=gamma, device=device, batch_size=batch_size, shard_size=shard_size, retry_failed=retry_failed,
            verify=verify, runner=runner, workers=workers,
        )  # fmt: skip
    print_annotation(found, store)
