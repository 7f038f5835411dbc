"""How fast the review is on a store of 60,000 specimens: `xvfb-run … python tests/benchmarks/review_speed.py [folder]`.

The store has 1,900 species with random evidence, photographs of 1,500 × 1,000 pixels, and the verdicts of two reviewers
on a third of it. Every figure is wall time in one process with a real napari window; "own code" means without napari's
drawing. If a folder is given, the store stays there for the next run.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import napari
import numpy as np
import pandas as pd
from napari_finercam.formats.layer_style import HEAT
from napari_finercam.session.queue import FILTERS, ORDERS, Selection
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget
from PIL import Image, ImageFilter
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from finercam_core.catalog import Catalog
from finercam_core.images.preparation import Preparation
from finercam_core.references.plan import plan_comparisons
from finercam_core.regions.rle import encode
from finercam_core.regions.threshold import region
from finercam_core.review import Comparison, Region, ReviewLog, Verdict
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, RunSettings, create_store, open_store, pending_chunks, write_chunk

SPECIMENS, SPECIES, PHOTOS, SIZE, GRID = 60_000, 1_900, 40, (1500, 1000), (16, 16)
STEPS, SLIDES = 250, 120
Row = Callable[..., None]


def make_store(folder: Path) -> Path:
    """The store, made unless the folder has it already."""
    store = folder / "maps.zarr"
    if (folder / "complete").exists():
        return store
    make_photos(folder / "images")
    catalog = Catalog("scale", str(folder / "images"), "benchmark", specimens())
    classes = sorted(catalog.species)
    plan = plan_comparisons(catalog, classes, references=6)
    settings = {
        "classifier": {"model": "drawn", "species": classes, "target_layer": "none", "weights_sha256": "0" * 64},
        "method": "gradcam", "preparation": Preparation(224, 224).to_dict(),
    }  # fmt: skip
    create_store(store, catalog, plan, GRID, RunSettings.of(settings))
    rng = np.random.default_rng(0)
    for chunk in pending_chunks(str(store)):
        write_chunk(str(store), chunk, random_result(chunk, 7, rng))
    give_verdicts(store, rng)
    (folder / "complete").touch()
    return store


def make_photos(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for i in range(PHOTOS):
        small = rng.integers(60, 220, (50, 75, 3), np.uint8)
        photo = Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))
        photo.save(folder / f"{i}.jpg", quality=90)


def specimens() -> pd.DataFrame:
    number = np.arange(SPECIMENS) % SPECIES
    genus = [f"Genus{letters(n // 4)}" for n in number]
    epithet = [f"species{letters(n)}" for n in number]
    frame = pd.DataFrame({"image_id": [f"spec-{i:06d}" for i in range(SPECIMENS)], "genus": genus})
    names = [f"{g} {e}" for g, e in zip(genus, epithet, strict=True)]
    return frame.assign(
        scientificName=names, specificEpithet=epithet, family=[f"Family{letters(n // 40)}idae" for n in number],
        vernacularName=[f"fish number {n}" for n in number], order="", fault="", hashValue="same",
        path=[f"{i % PHOTOS}.jpg" for i in range(SPECIMENS)],
    )  # fmt: skip


def letters(number: int) -> str:
    """A number in letters, since a name with digits is not a scientific name."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def random_result(chunk: Chunk, classes: int, rng: np.random.Generator) -> ChunkResult:
    n = len(chunk)
    logit = rng.normal(4, 2, (n, classes)).astype(np.float32)
    evidence = rng.normal(size=(n, classes, *GRID)).astype(np.float32)
    return ChunkResult(
        evidence, logit, logit.max(axis=1) + 0.5, np.zeros(n, np.int32), np.full(n, Status.DONE, np.uint8)
    )


def give_verdicts(store: Path, rng: np.random.Generator) -> None:
    """20,000 verdicts, as two reviewers would have left them."""
    ids = open_store(store).rows.index
    outline = np.zeros(SIZE[::-1], bool)
    outline[300:500, 400:700] = rng.random((200, 300)) > 0.02
    part, made = Region(encode(outline), "Eye"), Comparison(0.6, "mean", "gradcam", ())
    for reviewer, share in (("A", slice(0, 12_000)), ("B", slice(4_000, 12_000))):
        log = ReviewLog(store, reviewer)
        log.path.parent.mkdir(exist_ok=True)
        lines = [
            asdict(Verdict(str(i), "x y", reviewer, "accept", made, (part,), time=f"2026-01-01T{k:06d}"))
            for k, i in enumerate(ids[share])
        ]
        log.path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def milliseconds(work: Callable[[], object], count: int) -> Iterator[float]:
    for _ in range(count):
        start = time.perf_counter()
        work()
        yield 1000 * (time.perf_counter() - start)


def spread(times: Iterator[float]) -> tuple[str, str]:
    values = np.array(list(times))
    return f"{np.median(values):.1f} ms", f"{np.percentile(values, 99):.1f} ms"


def main(folder: Path) -> None:
    start = time.perf_counter()
    store = make_store(folder)
    print(f"store of {SPECIMENS:,} specimens: {time.perf_counter() - start:.0f} s to make or open", flush=True)
    table = Table("step", "goal", "median", "99th percentile", title="review of 60,000 specimens")

    def row(*cells: str) -> None:
        """Print a row as soon as it is measured, since all of them take minutes; the table comes last."""
        print(f"  {time.perf_counter() - start:4.0f} s  ", " | ".join(cells), flush=True)
        table.add_row(*cells)

    viewer = napari.Viewer(show=True)
    widget = ReviewWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Review", area="right")
    viewer.window._qt_window.resize(1500, 950)
    QApplication.processEvents()
    (opened,) = milliseconds(lambda: open_and_draw(widget, store), 1)
    row("open to the first picture, A with 12,000 verdicts", "3 s", f"{opened / 1000:.2f} s", "")
    measure_steps(widget, row, "while scores are read")
    wait_for_scores(widget, row)
    measure_steps(widget, row, "afterwards")
    measure_sliders(widget, row)
    measure_queue(widget, row)
    widget.workbench.close_session()
    viewer.close()
    Console(width=120).print(table)


def open_and_draw(widget: ReviewWidget, store: Path) -> None:
    widget.workbench.open(ReviewSession(store, "A"))
    QApplication.processEvents()


def measure_steps(widget: ReviewWidget, row: Row, when: str) -> None:
    canvas = widget.workbench.viewer.window._qt_viewer.canvas.native

    def step() -> None:
        QTest.keyClick(canvas, Qt.Key.Key_N)
        QApplication.processEvents()

    def times() -> Iterator[float]:
        for elapsed in milliseconds(step, STEPS):
            yield elapsed
            pause(0.15)  # nobody looks at a specimen for less time

    row(f"next specimen, key to drawn, {when}", "100 / 250 ms", *spread(times()))
    row(f"next specimen without any pause, {when}", "", *spread(milliseconds(step, STEPS)))


def pause(seconds: float) -> None:
    """Let the window work for a while, as between two key presses of a person."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        QApplication.processEvents()
        time.sleep(0.005)


def wait_for_scores(widget: ReviewWidget, row: Row) -> None:
    start, scores = time.perf_counter(), widget.workbench.session.navigation.scores
    while not scores.finished.wait(0.02):
        QApplication.processEvents()
    row("the rest of the scores, in the background", "", f"{time.perf_counter() - start:.1f} s", "")


def measure_sliders(widget: ReviewWidget, row: Row) -> None:
    session, gammas = widget.workbench.session, iter(np.linspace(0, 2, 3 * SLIDES + 3))

    def own() -> None:
        session.gamma = float(next(gammas))
        session.comparison.heat(session.specimen)

    def drawn_too() -> None:
        widget.page.comparison.gamma.setValue(float(next(gammas)))
        QApplication.processEvents()

    row("γ to new map and region, own code, 1,500 × 1,000", "16 ms", *spread(milliseconds(own, SLIDES)))
    session.threshold.smoothing = 3.0
    row("the same with a rounded outline", "16 ms", *spread(milliseconds(own, SLIDES)))
    session.threshold.smoothing = 0.0
    row("γ to drawn, with napari", "", *spread(milliseconds(drawn_too, SLIDES)))
    values = session.comparison.image_map(session.specimen)
    row("threshold alone", "", *spread(milliseconds(lambda: region(values, top=0.05), SLIDES)))
    assert HEAT in widget.workbench.viewer.layers


def measure_queue(widget: ReviewWidget, row: Row) -> None:
    queue = widget.workbench.session.queue
    for name, selection in (
        *((f"filter: {only}", Selection(only=only)) for only in FILTERS[1:]),
        ("genus and text", Selection(taxon="Genusbaa", text="fish")),
        (ORDERS[1], Selection(order=ORDERS[1])),
    ):
        row(f"queue, {name}", "", *spread(milliseconds(lambda s=selection: queue.select(s), 5)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
