"""The whole route on rendered specimens: render, train, annotate, measure against the truth, draw, export."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from finercam_core.catalog import open_catalog
from finercam_core.errors import TrainingError
from finercam_core.evaluate.with_truth.true_regions import energy_intervals, true_region_energies
from finercam_core.export import export
from finercam_core.store import Store, open_store
from finercam_core.synthetic import render_collection, true_region_of
from finercam_flows.demo import recipe
from finercam_flows.demo.pictures import draw_pictures
from finercam_flows.screen.annotation_summary import print_annotation
from finercam_flows.screen.bars import progress_bar, run_bar

REQUIRED_ACCURACY = 0.90
REFERENCES = 6


def run(folder: Path, console: Console | None = None) -> None:
    """Run the demo into a folder; whatever is there already is kept and said.

    Parameters
    ----------
    folder : Path
        Afterwards it holds catalog.toml, collection, classifier, maps.zarr, report and masks.
    console : rich.console.Console, optional

    Raises
    ------
    TrainingError
        If the trained classifier is right on less than 90 % of the test specimens: its maps would mean nothing.
    """
    say = (console or Console()).print
    folder.mkdir(parents=True, exist_ok=True)
    _render(folder, say)
    _train(folder, say)
    _annotate(folder, say)
    store = open_store(folder / "maps.zarr")
    _measure(folder, store, say)
    pictures = draw_pictures(store, _truth(folder, store), folder / "report")
    say(f"[bold]5[/] Pictures: {', '.join(str(path) for path in pictures)}")
    _export(folder, say)
    _next_steps(folder, say)


def _render(folder: Path, say: Callable[..., None]) -> None:
    collection, catalog = folder / "collection", folder / "catalog.toml"
    if catalog.exists():
        say(f"[bold]1[/] Collection: {collection} is there already")
        return
    with progress_bar() as bar:
        task = bar.add_task("[bold]1[/] Rendering specimens", total=None, note="")
        render_collection(
            collection, seed=recipe.SEED, train=recipe.TRAIN, val=recipe.VAL, test=recipe.TEST,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    catalog.write_text(recipe.manifest(), encoding="utf-8")


def _train(folder: Path, say: Callable[..., None]) -> None:
    report = folder / "classifier" / "training.json"
    if report.exists():
        say(f"[bold]2[/] Classifier: {report.parent} is there already")
    else:
        with progress_bar() as bar:
            task = bar.add_task("[bold]2[/] Training", total=None, note="")
            recipe.train_demo(
                open_catalog(folder / "catalog.toml"), report.parent,
                lambda step, total, note: bar.update(task, completed=step, total=total, note=note),
            )  # fmt: skip
    accuracy = recipe.test_accuracy(report)
    say(f"  right on {accuracy:.1%} of the test specimens")
    if accuracy < REQUIRED_ACCURACY:
        raise TrainingError(
            f"the demo's classifier is right on only {accuracy:.1%} of the test specimens",
            f"delete {report.parent} and try again; maps of a poor classifier mean nothing",
        )


def _annotate(folder: Path, say: Callable[..., None]) -> None:
    say("[bold]3[/] Flow `annotate`: starting Prefect takes some seconds")
    from finercam_flows.annotate import annotate

    store = str(folder / "maps.zarr")
    with run_bar():
        found = annotate(str(folder / "catalog.toml"), str(folder / "classifier"), store, references=REFERENCES)
    print_annotation(found, store)


def _truth(folder: Path, store: Store) -> Callable[[str, str], npt.NDArray[np.bool_]]:
    def truth(image_id: str, reference: str) -> npt.NDArray[np.bool_]:
        return true_region_of(folder / "collection", Path(store.place(image_id)).stem, reference)

    return truth


def _measure(folder: Path, store: Store, say: Callable[..., None]) -> None:
    test = store.specimens.loc[store.specimens["split"] == "test", "image_id"]
    with progress_bar() as bar:
        task = bar.add_task("[bold]4[/] Energy in the true region", total=len(test), note="")
        energies = true_region_energies(
            store, test, _truth(folder, store), progress=lambda: bar.update(task, advance=1)
        )
    report = folder / "report"
    report.mkdir(exist_ok=True)
    energies.to_csv(report / "energy.csv", index=False)
    intervals = energy_intervals(energies)
    written = {name: asdict(interval) for name, interval in intervals.items()}
    (report / "energy.json").write_text(json.dumps({"run": store.provenance["run"], "energy": written}, indent=1))
    table = Table("map", "energy in the true region", "95 % interval", "specimens")
    for name, found in intervals.items():
        low, high = f"{found.low:.3f}", f"{found.high:.3f}"
        table.add_row(name, f"{found.mean:.3f}", f"[{low}, {high}]".replace("[", r"\["), str(found.n))
    say(table)
    say(f"  Each specimen against its congeners one by one, γ = 0.6; the true region is {energies['area'].mean():.1%} "
        f"of the image. Rows with a minus sign are paired differences.")  # fmt: skip


def _export(folder: Path, say: Callable[..., None]) -> None:
    with progress_bar() as bar:
        task = bar.add_task("[bold]6[/] Masks", total=None, note="")
        for form in ("coco", "png"):
            summary = export(
                folder / "maps.zarr", folder / "masks" / form, format=form, which="automatic",
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
    say(f"  {summary}")


def _next_steps(folder: Path, say: Callable[..., None]) -> None:
    say(f"""
[bold green]Done.[/] Now you can
  look at the maps     finercam review {folder}/maps.zarr
  export what you accept   finercam export {folder}/maps.zarr --to {folder}/accepted --format png
  see what is in the store   finercam info {folder}/maps.zarr
  use your own collection   finercam catalog check YOUR_CATALOG""")
