"""A hundred hostile names in the pages of an atlas, in a real browser: nothing of them runs or becomes an element."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from atlas_browser import Browser, chromium
from hostile_names import hostile_names
from PIL import Image
from planned_store import GRID, SETTINGS, TEXTS, result

from finercam_core.catalog import Catalog
from finercam_core.references.plan import plan_comparisons
from finercam_core.report import report
from finercam_core.store import RunSettings, create_store, pending_chunks, write_chunk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("browser")]
SPECIES = 25

# What a page has that only a name could have brought, and what ran: elements, scripts in attributes, addresses.
FOREIGN = """
const own = new Set([...document.querySelectorAll("script")].filter((s) => !s.src && s.type !== "application/json"));
const listeners = [...document.querySelectorAll("*")]
  .filter((e) => [...e.attributes].some((a) => a.name.startsWith("on") || a.name === "srcdoc"));
const links = [...document.querySelectorAll("[src], [href]")]
  .map((e) => e.getAttribute("src") || e.getAttribute("href"))
  .filter((a) => /^(?:https?:|javascript:|\\/\\/)/i.test(a));
return {ran: window.stolen ?? 0, scripts: own.size, listeners: listeners.length, links,
        foreign: document.querySelectorAll("iframe, object, embed, form, base").length};
"""
TEXTS_OF_PAGE = "return document.body.innerText + [...document.querySelectorAll('[alt]')].map((e) => e.alt).join(' ');"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser."""
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an atlas in which every name is hostile: species, specimens, holders, families, the collection."""
    folder, names = tmp_path_factory.mktemp("hostile"), hostile_names()
    (folder / "images").mkdir()
    rows = []
    for number, name in enumerate(names):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
        row = {"image_id": name, "scientificName": names[number % SPECIES], "genus": names[-1], "family": names[1]}
        rows.append({**row, "path": f"{number}.png", "rightsHolder": name, "license": name, "vernacularName": names[2]})
    missing = {text: "" for text in TEXTS if text not in rows[0]}
    catalog = Catalog(names[0], str(folder / "images"), "test.csv", pd.DataFrame(rows).assign(**missing))
    classes = names[:SPECIES]
    plan = plan_comparisons(catalog, classes, references=2)
    classifier: dict[str, Any] = {"model": names[3], "species": classes, "target_layer": names[4]}
    settings = {**SETTINGS, "classifier": classifier, "versions": {"finercam": names[5]}}
    store = create_store(folder / "maps.zarr", catalog, plan, GRID, RunSettings.of(settings))
    for chunk in pending_chunks(store.location):
        write_chunk(store.location, chunk, result(chunk, len(store.classes(chunk.scientificName))))
    made = report(store.location, folder / "atlas", specimens=4)
    assert made.species == SPECIES
    assert made.unreadable == {}
    return folder / "atlas"


def test_a_hundred_hostile_names_stay_text_in_a_browser(browser: Browser, atlas: Path) -> None:
    pages = sorted(atlas.rglob("*.html"))
    scripts, seen = 0, ""
    for page in pages:
        browser.open(page.as_uri(), 1400)
        found = browser.run(FOREIGN)
        assert isinstance(found, dict)
        scripts += int(found["ran"] != 0)
        assert (found["ran"], found["listeners"], found["foreign"], found["links"]) == (0, 0, 0, []), page.name
        assert found["scripts"] <= 1
        assert browser.complaints() == [], "nothing was blocked either: nothing tried"
        seen += str(browser.run(TEXTS_OF_PAGE))
    plain = " ".join(seen.split())
    shown = [name for name in hostile_names() if " ".join(name.split()) in plain]
    assert all(name in shown or not name.isprintable() for name in hostile_names())
    assert len({page.name.casefold() for page in pages}) == len(pages)
    told = f"{len(pages)} pages, {scripts} scripts ran, {len(shown)} names shown letter by letter"
    print(f"hostile names, atlas: {told}")
