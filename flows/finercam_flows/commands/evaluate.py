"""`finercam evaluate`: what a store's maps show, with intervals; with the classifier also whether it uses that."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finercam_flows.commands.bars import run_bar


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
    from finercam_core.evaluate.baselines import BASELINES

    return list(BASELINES) if "all" in names else names


def tell(found: dict[str, Any]) -> None:
    """Say what was measured, and where it lies."""
    console, folder = Console(), Path(found["folder"])
    content = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    resumed = f"; figures of {found['reused']} were there already" if found["reused"] else ""
    console.print(f"{found['species']} species{resumed}; {found['left_out']} notes on specimens that were left out.")
    console.print(f"Judged: {content['protocol']['judged']}.", soft_wrap=True, highlight=False, markup=False)
    if found.get("cost"):
        console.print(f"Faithfulness: {found['cost']}.", highlight=False)
        console.print(_overall(content["checks"]["faithfulness"]))
        for name, reason in content["checks"]["about"]["baselines_left_out"].items():
            console.print(f"  [yellow]{name} left out[/]: {reason}", highlight=False, soft_wrap=True)
    if found["planted"]:
        _tell_planted(console, found["planted"], content["planted"])
    if found["truth"]:
        console.print(f"{found['truth'][0].upper()}{found['truth'][1:]}.", highlight=False, markup=False)
    if content["beside"]:
        console.print(_beside(content["beside"]))
    for row in content["caveats"][:SHOWN]:
        console.print(f"  [yellow]{row['species']}: {row['kind']}[/]; {row['sentence']}", highlight=False)
    if len(content["caveats"]) > SHOWN:
        console.print(f"  and {len(content['caveats']) - SHOWN} more caveats in {folder / 'caveats.csv'}")
    console.print(f"To read: {folder / 'evaluation.md'}", soft_wrap=True, highlight=False)


SHOWN = 8


def _tell_planted(console: Console, summary: str, rows: list[dict[str, Any]]) -> None:
    """How often the planted trait is first, and which pairs miss it, with the reason."""
    console.print(f"{summary[0].upper()}{summary[1:]}.", highlight=False)
    for row in rows:
        if row["why"]:
            pair = f"{row['species']} from {row['reference']} (planted: {row['planted']}, rank {row['rank'] or 'none'})"
            console.print(f"  [yellow]missed: {pair}[/]: {escape(row['why'])}", highlight=False, soft_wrap=True)


def _beside(rows: list[dict[str, Any]]) -> Table:
    """Published figures and ours."""
    table = Table("figure", "map", "published", "ours, 95 % interval", "n")
    for row in rows:
        ours = "not measured" if row["ours"] is None else f"{row['ours']:.3f}"
        ends = "" if row["low"] is None else rf" \[{row['low']:.3f}, {row['high']:.3f}]"
        count = "" if row["n"] is None else f"{row['n']:.0f}"
        theirs = "–" if row["published"] is None else f"{row['published']:.3f}"
        table.add_row(row["figure"], row["map"], theirs, ours + ends, count)
    return table


def _overall(rows: list[dict[str, Any]]) -> Table:
    """Drop at 5 %, deletion and insertion of each map, with 95 % intervals."""
    table = Table("map", "drop at 5 %", "deletion", "insertion")
    overall = [row for row in rows if row["species"] == "all species"]
    for name in dict.fromkeys(row["map"] for row in overall):
        own = {row["figure"]: row for row in overall if row["map"] == name}
        table.add_row(name, *(_interval(own[figure]) for figure in ("drop_5", "deletion", "insertion")))
    return table


def _interval(row: dict[str, Any]) -> str:
    return rf"{row['mean']:.3f} \[{row['low']:.3f}, {row['high']:.3f}]"
