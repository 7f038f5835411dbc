"""How fast the live atlas of 60,000 specimens is in Chromium: `python tests/benchmarks/atlas_speed.py [FOLDER]`.

The store is kept in FOLDER and taken from there the next time; without one it lies in a temporary folder. It has 1,900
species with drawn evidence of 7 classes on 16 × 16 cells. Of its atlas the index of all species and `PAGES` species
pages of 24 specimens are written, with their evidence, and served by a plain static server. Printed are the seconds
from the request of a page to its first map, the bytes that a species page loads, the frames while γ is dragged over all
24 specimens, and the index at 390 pixels.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageFilter
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
from atlas_browser import Browser, chromium, file_server

from finercam_core.catalog import Catalog
from finercam_core.images.preparation import Preparation
from finercam_core.references.plan import plan_comparisons
from finercam_core.report.live_evidence import LiveEvidence
from finercam_core.report.page_templates import INDEX, environment, species_address
from finercam_core.report.pages import (
    AtlasFacts,
    Card,
    FamilyGroup,
    IndexPage,
    ReferenceRow,
    SpeciesAccuracy,
    SpeciesFacts,
    SpeciesPage,
)
from finercam_core.report.photographs import FOLDER, PhotographFiles
from finercam_core.report.specimen_views import SpecimenViews
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, RunSettings, create_store, open_store, pending_chunks, write_chunk

SPECIMENS, SPECIES, SHOWN, PAGES, GRID, CLASSES = 60_000, 1_900, 24, 5, (16, 16), 7
IMAGES = 30
FRAMES = 180
say = Console(width=140, highlight=False).print
FACTS = AtlasFacts(
    "Scale",
    "drawn",
    "none",
    "0" * 64,
    "gradcam",
    0.6,
    "none",
    GRID,
    "60,000 test images",
    "",
    "whole difference",
    "95 %",
    "not measured",
    (),
    {"traits": "not measured"},
    "evaluation",
    "0123456789ab",
    "2026-01-01T00:00:00+00:00",
    "1.0",
)
# Seconds until the first map is drawn, counted from when the address was given.
FIRST = """
const done = arguments[0];
const say = () => done(performance.now() / 1000);
if (document.querySelector("figure[data-live]")) say();
else document.addEventListener("finercam:map", say, { once: true });
"""
BYTES = f"""
const own = [performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource")];
const named = (test) => own.filter((one) => test(one.name));
const sum = (test) => named(test).reduce((total, one) => total + one.encodedBodySize, 0);
const evidence = (name) => name.includes("evidence.zarr");
return [sum((n) => n.includes("{FOLDER}")), sum(evidence), sum((n) => n.endsWith(".js")),
        sum((n) => n.endsWith(".html")), named(evidence).length];
"""
ALL = """
const done = arguments[0];
const wait = () => {
  const waiting = [...document.querySelectorAll("figure[data-specimen]")].find((figure) => !figure.dataset.live);
  if (!waiting) { scrollTo(0, 0); return done(document.querySelectorAll("figure[data-live]").length); }
  waiting.scrollIntoView();
  setTimeout(wait, 20);
};
wait();
"""
# The script's work for each frame, and the time from frame to frame, in milliseconds.
DRAG = """
const [frames, done] = arguments;
const slider = document.querySelector("#gamma");
const draw = CanvasRenderingContext2D.prototype.putImageData;
let drawn = 0;
CanvasRenderingContext2D.prototype.putImageData = function (...given) { drawn += 1; return draw.apply(this, given); };
const between = [];
const work = [];
let last = performance.now();
const step = (at) => {  // asked for after the atlas asked to draw, so that it runs after it in the same frame
  const now = performance.now();
  between.push(now - last);
  work.push(now - at);
  last = now;
  if (between.length > frames + 1) return done([between.slice(2), work.slice(2), drawn]);
  slider.value = String(0.02 * (between.length % 100));
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(step);
};
requestAnimationFrame(step);
"""


def specimens(species: int) -> pd.DataFrame:
    count = SPECIMENS * species // SPECIES
    number = np.arange(count) % species
    names = [f"Genus{letters(n // 4)} species{letters(n)}" for n in number]
    return pd.DataFrame({
        "image_id": [f"spec-{i:06d}" for i in range(count)], "genus": [name.split()[0] for name in names],
        "scientificName": names, "specificEpithet": [name.split()[1] for name in names],
        "family": [f"Family{letters(n // 40)}idae" for n in number], "vernacularName": "", "order": "", "fault": "",
        "hashValue": "same", "path": [f"{i % IMAGES}.jpg" for i in range(count)],
    })  # fmt: skip


def letters(number: int) -> str:
    """A number in letters, since a name with digits is not a scientific name."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def kept_store(folder: Path, species: int) -> Path:
    """The store of a folder, drawn where there is none; a run that was stopped goes on."""
    location, rng = folder / "maps.zarr", np.random.default_rng(0)
    if not location.exists():
        begin_store(folder, species, rng)
    for chunk in pending_chunks(str(location)):
        write_chunk(str(location), chunk, drawn(chunk, rng))
    return location


def begin_store(folder: Path, species: int, rng: np.random.Generator) -> None:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for i in range(IMAGES):
        small = Image.fromarray(rng.integers(60, 220, (30, 45, 3), np.uint8))
        photo = small.resize((900, 600), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))
        photo.save(folder / "images" / f"{i}.jpg", quality=88)
    catalog = Catalog("scale", str(folder / "images"), "benchmark", specimens(species))
    classes = sorted(catalog.species)
    settings = {
        "classifier": {"model": "drawn", "species": classes, "target_layer": "none", "weights_sha256": "0" * 64},
        "method": "gradcam", "preparation": Preparation(224, 224).to_dict(),
    }  # fmt: skip
    plan = plan_comparisons(catalog, classes, references=CLASSES - 1)
    create_store(folder / "maps.zarr", catalog, plan, GRID, RunSettings.of(settings))


def drawn(chunk: Chunk, rng: np.random.Generator) -> ChunkResult:
    n = len(chunk)
    logit = rng.normal(4, 2, (n, CLASSES)).astype(np.float32)
    evidence = rng.normal(size=(n, CLASSES, *GRID)).astype(np.float32)
    done = np.full(n, Status.DONE, np.uint8)
    return ChunkResult(evidence, logit, logit.max(axis=1) + 0.5, np.zeros(n, np.int32), done)


def write_atlas(location: Path, folder: Path) -> list[str]:
    """The index, and the pages of some species; their addresses."""
    store, templates = open_store(location), environment()
    views, live = (
        SpecimenViews(store, PhotographFiles(folder, map(str, store.rows.index))),
        LiveEvidence(store, 0.6, FACTS.citation),
    )
    accuracy = SpeciesAccuracy(2, 2, 1, 0.3, 1, "")
    families: dict[str, list[Card]] = {}
    first = store.rows.drop_duplicates("scientificName")
    for name, family in zip(first["scientificName"], first["family"], strict=True):
        families.setdefault(family, []).append(Card(SpeciesFacts(name, family, "", accuracy, ()), ""))
    groups = tuple(FamilyGroup(name, tuple(cards)) for name, cards in sorted(families.items()))
    folder.mkdir()
    page: IndexPage | SpeciesPage = IndexPage(groups, len(first), 0, opened=False)
    write(folder / INDEX, templates.get_template("index.html").render(atlas=FACTS, page=page, up="", live=None))
    addresses = []
    for name in first["scientificName"][:: len(first) // PAGES][:PAGES]:
        ids = [str(i) for i in store.rows.index[store.rows["scientificName"] == name]]
        shown = tuple(views.some(ids, SHOWN))
        rows = tuple(ReferenceRow(other, "same genus", False, False, ()) for other in store.classes(name)[1:])
        page = SpeciesPage(SpeciesFacts(name, "", "", accuracy, ()), rows, shown, ())
        told = live.facts(shown, "../").to_json()
        text = templates.get_template("species.html").render(atlas=FACTS, page=page, up="../", live=told, notes=())
        write(folder / species_address(name), text)
        addresses.append(species_address(name))
    live.write(folder)
    return addresses


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def first_maps(browser: Browser, address: str, pages: list[str]) -> Iterator[tuple[float, list[int]]]:
    for page in pages:
        browser.driver.get("about:blank")
        browser.open(f"{address}/{page}", 1400)
        seconds = float(browser.driver.execute_async_script(FIRST))
        assert browser.driver.execute_async_script(ALL) == SHOWN
        yield seconds, browser.driver.execute_script(BYTES)


@contextmanager
def folder_of(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as text:
        yield Path(text)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--species", type=int, default=SPECIES, help="fewer for a quick look")
    given = parser.parse_args()
    with folder_of(given.folder) as folder:
        start = time.perf_counter()
        location = kept_store(folder, given.species)
        store, took = open_store(location), time.perf_counter() - start
        say(f"store of {len(store.rows):,} specimens of {len(store.species):,} species: {took:.0f} s")
        start = time.perf_counter()
        shutil.rmtree(folder / "atlas", ignore_errors=True)
        pages = write_atlas(location, folder / "atlas")
        say(f"index and {PAGES} pages of {SHOWN} specimens: {time.perf_counter() - start:.1f} s")
        with (
            tempfile.TemporaryDirectory() as profile,
            file_server(folder / "atlas") as address,
            chromium(Path(profile)) as browser,
        ):
            browser.driver.set_script_timeout(120)
            measure(browser, address, pages)


def measure(browser: Browser, address: str, pages: list[str]) -> None:
    found = list(first_maps(browser, address, pages))
    seconds = [first for first, _ in found]
    say(f"first map: {statistics.median(seconds):.2f} s, {max(seconds):.2f} s at most (goal 2)")
    photographs, evidence, script, page, chunks = found[0][1]
    say(
        f"bytes of a species page: page {page:,}, script {script:,}, evidence {evidence:,} in {chunks} files; "
        f"photographs {photographs:,}, each as it comes near the screen"
    )
    dragged(browser, "as a screen shows them")
    screen = {"width": 1400, "height": 4000, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    dragged(browser, "all on one tall screen")
    start = time.perf_counter()
    browser.open(f"{address}/{INDEX}", 390)
    width = browser.run("return document.documentElement.scrollWidth")
    say(f"index at 390 pixels: {time.perf_counter() - start:.2f} s, {width} pixels wide")
    took = browser.driver.execute_script(
        "const s = document.querySelector('#search'); s.value = 'speciesbb'; const at = performance.now();"
        "s.dispatchEvent(new Event('input')); document.body.offsetHeight; return performance.now() - at"
    )
    say(f"search: {took:.0f} ms, {browser.run('return document.querySelector(`#found`).textContent')}")
    say(f"console: {browser.complaints() or 'nothing'}")


def dragged(browser: Browser, where: str) -> None:
    before = busy(browser)
    between, work, count = browser.driver.execute_async_script(DRAG, FRAMES)
    cpu = 1000 * (busy(browser) - before) / FRAMES
    say(
        f"γ dragged over {SHOWN} specimens, {where}: {1000 / statistics.median(between):.0f} frames a second, "
        f"{1000 / sorted(between)[int(0.95 * len(between))]:.0f} in the slowest twentieth (goal 60); "
        f"{statistics.median(work):.1f} ms of script a frame, {cpu:.1f} ms of CPU of the page with layout and paint, "
        f"{count / FRAMES:.0f} maps a frame"
    )


def busy(browser: Browser) -> float:
    """Seconds of CPU that the page's thread has used, whatever else the machine does."""
    browser.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    metrics = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


if __name__ == "__main__":
    main()
