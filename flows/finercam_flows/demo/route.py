"""The whole route on rendered specimens: render, train, annotate, measure against the truth, draw, export."""

import json
import webbrowser
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.errors import TrainingError, counted
from finercam_core.evaluate.statistics.intervals import Interval
from finercam_core.evaluate.with_truth.true_regions import true_region_energies
from finercam_core.export import export
from finercam_core.images.preparation import Preparation
from finercam_core.io.progress import StepProgress
from finercam_core.store import Store, open_store
from finercam_core.strengths import GAMMA
from finercam_core.synthetic import render_collection
from finercam_core.train import FinetuneSettings, train
from finercam_flows.calls import write_atlas
from finercam_flows.demo.truth import draw_pictures, truth_of, write_energies
from finercam_flows.direct.annotation import annotate
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.options.report import ReportOptions
from finercam_flows.process.machine import screen
from finercam_flows.screen.annotation_summary import print_annotation
from finercam_flows.screen.bars import progress_bar, run_bar
from finercam_flows.screen.console import Screen

SEED = 0
TRAIN, VAL, TEST = 60, 8, 16  # specimens per species
MODEL = "resnet10t"
# Two stages down to cells of eight pixels and no more: a cell then sees a part of the fish and not the whole of it,
# which doubles the energy that the maps put into the true difference.
MODEL_ARGS = {"layers": [2, 1, 0, 0], "channels": [32, 96, 96, 96]}
HALF = (0.5, 0.5, 0.5)
PREPARATION = Preparation(96, 128, mode="pad", mean=HALF, std=HALF)
SETTINGS = FinetuneSettings(epochs=30, batch_size=48, learning_rate=4e-3, weight_decay=0.05, cutout=0.25)
REQUIRED_ACCURACY = 0.90
Print = Callable[..., None]


def run(folder: Path, console: Console | None = None, *, browser: bool = False) -> None:
    """Run the demo into a folder; what is there already is kept.

    Parameters
    ----------
    folder : Path
        Afterwards it holds catalog.toml, collection, classifier, maps.zarr, report, masks and atlas.
    console : rich.console.Console, optional
    browser : bool
        Open the atlas at the end, where there is a screen.

    Raises
    ------
    TrainingError
        If the trained classifier is right on less than 90 % of the test specimens: its maps would mean nothing.
    """
    show = (console or Screen()).print
    show("The demo takes five to ten minutes on two processors; what is there already is kept.")
    folder.mkdir(parents=True, exist_ok=True)
    _render(folder, show)
    _train(folder, show)
    _annotate(folder, show)
    store = open_store(folder / "maps.zarr")
    _measure(folder, store, show)
    pictures = draw_pictures(store, truth_of(store, folder / "collection"), folder / "report")
    show(f"[bold]5[/] Pictures: {', '.join(str(path) for path in pictures)}")
    _export(folder, show)
    index = _write_atlas(folder, show)
    _show_next_steps(folder, show)
    if browser and screen():
        webbrowser.open(index.resolve().as_uri())


def _render(folder: Path, show: Print) -> None:
    collection, catalog = folder / "collection", folder / "catalog.toml"
    if catalog.exists():
        show(f"[bold]1[/] Collection: {collection} is there already")
        return
    with progress_bar() as bar:
        task = bar.add_task("1 Rendering specimens", total=None, note="")
        render_collection(
            collection, seed=SEED, train=TRAIN, val=VAL, test=TEST,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    catalog.write_text(manifest(), encoding="utf-8")


def manifest() -> str:
    """Text of the demo's manifest: `catalogs/demo.toml`, which wheels carry inside the package."""
    packaged = files("finercam_flows") / "catalogs" / "demo.toml"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[3] / "catalogs" / "demo.toml").read_text(encoding="utf-8")


def _train(folder: Path, show: Print) -> None:
    report = folder / "classifier" / "training.json"
    if report.exists():
        show(f"[bold]2[/] Classifier: {report.parent} is there already")
    else:
        with progress_bar() as bar:
            task = bar.add_task("2 Training", total=None, note="")
            train_demo(
                open_catalog(folder / "catalog.toml"), report.parent,
                lambda step, total, note: bar.update(task, completed=step, total=total, note=note),
            )  # fmt: skip
    accuracy = float(json.loads(report.read_text(encoding="utf-8"))["accuracy"]["test"]["top1"])
    show(f"  right on {accuracy:.1%} of the test specimens")
    if accuracy < REQUIRED_ACCURACY:
        raise TrainingError(
            f"the demo's classifier is right on only {accuracy:.1%} of the test specimens",
            f"delete {report.parent} and try again; maps of a poor classifier mean nothing",
        )


def train_demo(catalog: Catalog, folder: Path, progress: StepProgress) -> None:
    """Train the demo's classifier from random weights, with the same result every time on the same machine."""
    train(
        catalog, folder, model=MODEL, mode="finetune", pretrained=False, model_args=MODEL_ARGS,
        preparation=PREPARATION, settings=SETTINGS, device="cpu", progress=progress,
    )  # fmt: skip


def _annotate(folder: Path, show: Print) -> None:
    show("[bold]3[/] Evidence maps")
    store = str(folder / "maps.zarr")
    options = AnnotateOptions(catalog=str(folder / "catalog.toml"), classifier=str(folder / "classifier"), store=store)
    with run_bar():
        found = annotate(options)
    print_annotation(found, store)


def _measure(folder: Path, store: Store, show: Print) -> None:
    test = store.specimens.loc[store.specimens["split"] == "test", "image_id"]
    truth = truth_of(store, folder / "collection")
    with progress_bar() as bar:
        task = bar.add_task("4 Energy in the true region", total=len(test), note="")
        energies = true_region_energies(store, test, truth, progress=lambda: bar.update(task, advance=1))
    intervals = write_energies(energies, store.provenance.run, folder / "report")
    _show_energies(intervals, energies["area"], show)


def _show_energies(intervals: dict[str, Interval], area: "pd.Series[float]", show: Print) -> None:
    table = Table("map", "energy in the true region", "95 % interval", "specimens")
    for name, interval in intervals.items():
        table.add_row(
            name, f"{interval.mean:.3f}", rf"\[{interval.low:.3f}, {interval.high:.3f}]", str(interval.n)
        )  # fmt: skip
    show(table)
    show(f"  Each specimen against its congeners one by one, γ = {GAMMA}; the true region is {area.mean():.1%} "
         f"of the image. Rows with a minus sign are paired differences.")  # fmt: skip


def _export(folder: Path, show: Print) -> None:
    with progress_bar() as bar:
        task = bar.add_task("6 Masks", total=None, note="")
        for form in ("coco", "png"):
            summary = export(
                folder / "maps.zarr", folder / "masks" / form, format=form, which="automatic",
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
    show(f"  {summary}")


def _write_atlas(folder: Path, show: Print) -> Path:
    options = ReportOptions(store=str(folder / "maps.zarr"), out=str(folder / "atlas"))
    with run_bar("7 Atlas"):
        atlas = write_atlas(options)
    show(f"  {atlas.species} species, {counted(atlas.pairs, 'pair')}: {atlas.index}")
    return atlas.index


def _show_next_steps(folder: Path, show: Print) -> None:
    show(f"""
[bold green]Done.[/] Now you can
  read the atlas             {folder}/atlas/index.html
  look at the maps           finercam review {folder}/maps.zarr
  export what you accept     finercam export {folder}/maps.zarr --to {folder}/accepted --format png
  see what is in the store   finercam info {folder}/maps.zarr
  use your own photographs   finercam start YOUR_FOLDER""")
