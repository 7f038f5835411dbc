"""`finercam evaluate`: what a store's maps show, with intervals; with the classifier also whether it uses that."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from finercam_flows.screen.bars import run_bar
from finercam_flows.screen.evaluation_table import tell


class Fill(StrEnum):
    """What masked pixels become."""

    MEAN = "mean"
    ROAD = "road"


class Weighting(StrEnum):
    """Weightings of the references."""

    MEAN = "mean"
    SOFTMAX = "softmax"
    RELEASED = "released"


def evaluate(
    store: Annotated[str, typer.Argument(help="A store that annotate wrote.")],
    out: Annotated[Path, typer.Option(help="Folder for tables, plots and evaluation.json.")],
    classifier: Annotated[
        str | None, typer.Option(help="The store's classifier: measures faithfulness and sanity as well.")
    ] = None,
    gamma: Annotated[float, typer.Option(help="Strength of the comparison.")] = 0.6,
    weighting: Annotated[Weighting, typer.Option(help="Weighting of the references.")] = Weighting.MEAN,
    split: Annotated[str, typer.Option(help="Specimens judged: a split, all, or auto (test, where there is one).")] = (
        "auto"
    ),
    boxes: Annotated[
        str | None, typer.Option(help="Table of boxes around specimens: image_id, x, y, width, height in pixels.")
    ] = None,
    images: Annotated[str | None, typer.Option(help="Folder of the images and masks, if it moved.")] = None,
    planted: Annotated[
        bool, typer.Option("--planted", help="For a rendered collection: is the trait that truly differs ranked first?")
    ] = False,
    beside: Annotated[
        str | None,
        typer.Option(help="Print ours beside published figures: paper, or a CSV with the columns map, figure, value."),
    ] = None,
    grid: Annotated[
        list[float] | None, typer.Option(help="Faithfulness also at this γ; repeatable. Default: 0.3, 0.6, 1.")
    ] = None,
    grid_weighting: Annotated[
        list[Weighting] | None, typer.Option(help="Faithfulness also with this weighting; repeatable. Default: all.")
    ] = None,
    method: Annotated[list[str] | None, typer.Option(help="Another base method in faithfulness; repeatable.")] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            help="An explainer to compare with: integrated_gradients, smooth_grad, lrp, lime, kernel_shap, occlusion, "
            "rise, or all; repeatable."
        ),
    ] = None,
    fill: Annotated[Fill, typer.Option(help="What masked pixels become.")] = Fill.MEAN,
    steps: Annotated[int, typer.Option(min=2, help="Steps of the deletion and insertion curves.")] = 20,
    limit: Annotated[int, typer.Option(min=0, help="Specimens at most for faithfulness; 0: all.")] = 200,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Masked images a forward pass.")] = 64,
    seed: Annotated[int, typer.Option(help="Of random maps and bootstrap samples.")] = 0,
) -> None:
    """Measure what the maps show: traits, characters, localisation, accuracy, caveats; stopped runs go on.

    Example: finercam evaluate maps.zarr --out evaluation --classifier classifier
    """
    from finercam_core.evaluate.protocol import GAMMAS
    from finercam_flows.evaluate import evaluate as flow

    with run_bar("Evaluation"):
        found = flow(
            store, str(out), gamma=gamma, weighting=weighting.value, split=split, seed=seed, images=images, boxes=boxes,
            planted=planted, beside=beside, classifier=classifier, gammas=grid or GAMMAS,
            weightings=[one.value for one in grid_weighting or Weighting], methods=method or [],
            baselines=_baselines(baseline or []), fill=fill.value, steps=steps, limit=limit or None, device=device,
            batch_size=batch_size,
        )  # fmt: skip
    tell(found)


def _baselines(names: list[str]) -> list[str]:
    from finercam_core.evaluate.with_model.baselines import BASELINES

    return list(BASELINES) if "all" in names else names
