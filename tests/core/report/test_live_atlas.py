"""The live atlas in a real Chromium: its maps are those of Python, from a plain server, with no request elsewhere."""

import json
import mimetypes
import os
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import fsspec
import numpy as np
import pytest
import xarray as xr
import zarr
from atlas_browser import Browser, chromium, file_server
from s3_host import s3_host

from finercam_core.baselines import BASELINES
from finercam_core.diagnosis.answer import Diagnosis
from finercam_core.diagnosis.picture import mean_specimens
from finercam_core.evaluate import EvaluationReport
from finercam_core.explain import Classifier
from finercam_core.finer import choose_references, coefficients, finer_cam
from finercam_core.regions.masks import read_mask
from finercam_core.regions.traits import traits_of
from finercam_core.report import live_evidence, report
from finercam_core.report.photographs import FOLDER
from finercam_core.store import open_store
from finercam_core.store.backgrounds import backgrounds_of
from finercam_core.strengths import Baseline

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        not live_evidence.SCRIPT.exists() and not os.environ.get("FINERCAM_REQUIRE_WEB"),
        reason="the script of the live atlas is not built (make web, with Node.js)",
    ),
]
SAVED = ("PNG", "SVG", "citation", "COCO", "GeoJSON", "Web Annotation")
AXE = Path(__file__).parents[3] / "viewer" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SPECIES = "Lumichthys pinguis"
PAGE = "species/Lumichthys_pinguis.html"
PAIR = "pairs/Lumichthys_pinguis--vs--Lumichthys_planus.html"

# Maps of the page's specimens at a view, as the script computed them.
MAPS = """
const done = arguments[arguments.length - 1];
const found = {};
const expected = document.querySelectorAll("figure[data-specimen]").length;
const take = (event) => {
  found[event.target.dataset.specimen] = [...event.detail.map];
  if (Object.keys(found).length === expected) { document.removeEventListener("finercam:map", take); done(found); }
};
document.addEventListener("finercam:map", take);
location.hash = arguments[0];
"""
POOLED = """
const done = arguments[arguments.length - 1];
document.addEventListener("finercam:pooled", (event) => done([...event.detail]), { once: true });
location.hash = arguments[0];
"""
READY = """
const done = arguments[0];
const settled = (figure) => figure.dataset.live || figure.querySelector(".map-note")?.textContent;
const wait = () => {
  const waiting = [...document.querySelectorAll("figure[data-specimen]")].find((figure) => !settled(figure));
  if (!waiting) { scrollTo(0, 0); done(true); return; }
  waiting.scrollIntoView();
  setTimeout(wait, 30);
};
wait();
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        found.driver.set_script_timeout(30)
        yield found


@pytest.fixture(scope="module")
def atlas(made: tuple[Path, Classifier], figures: EvaluationReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert live_evidence.SCRIPT.exists(), "the script of the live atlas is not built: run `make web`"
    folder = tmp_path_factory.mktemp("live")
    assert report(made[0] / "maps.zarr", folder, evaluation=figures, specimens=3).live
    return folder


@pytest.fixture(scope="module")
def address(atlas: Path) -> Iterator[str]:
    with file_server(atlas) as found:
        yield found


def opened(browser: Browser, url: str, width: int = 1400, scheme: str = "light") -> None:
    browser.driver.get("about:blank")  # so that nothing of the page before is still under way
    browser.open(url, width, scheme)
    assert browser.driver.execute_async_script(READY)


def test_every_map_is_that_of_python(browser: Browser, address: str, made: tuple[Path, Classifier]) -> None:
    dataset = open_store(made[0] / "maps.zarr").species_dataset(SPECIES)
    references = [str(name) for name in dataset["class"].values[1:]]
    opened(browser, f"{address}/{PAGE}")
    subsets = (references, references[:1], references[1:])
    for gamma, chosen, weighting in product((0.0, 0.3, 0.6, 1.0, 1.7), subsets, ("mean", "softmax", "released")):
        view = [("gamma", gamma), ("weighting", weighting)]
        view += [("without", name) for name in references if name not in chosen]
        found = browser.driver.execute_async_script(MAPS, f"#{urlencode(view)}")
        maps = finer_cam(dataset, gamma=gamma, references=chosen, weighting=weighting)
        for image_id, values in found.items():
            expected = maps.sel(specimen=image_id).values
            # Two roundings of each product and sum: classes × 2⁻²³ of the largest term.
            tolerance = 8 * 2**-23 * float(np.abs(dataset["evidence"].sel(specimen=image_id)).max()) * max(1, gamma)
            np.testing.assert_allclose(np.reshape(values, expected.shape), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("baseline", BASELINES)
def test_every_map_above_a_baseline_is_that_of_python(
    browser: Browser, address: str, made: tuple[Path, Classifier], baseline: Baseline
) -> None:
    store = open_store(made[0] / "maps.zarr")
    references, backgrounds = store.classes(SPECIES)[1:], backgrounds_of(store)
    known = [name for name in references if backgrounds.known(SPECIES, name) is not None]
    assert known
    opened(browser, f"{address}/{PAGE}")
    for gamma, chosen in product((0.0, 0.6, 1.7), (references, *((name,) for name in references))):
        view = [("above", baseline), ("gamma", gamma), ("signed", 1)]
        view += [("without", name) for name in references if name not in chosen]
        found = browser.driver.execute_async_script(MAPS, f"#{urlencode(view)}")
        for image_id, values in found.items():
            record = store.record(image_id)
            use = choose_references(record.classes, chosen)
            weights = coefficients(record.logit, record.log_sum_exp, gamma=gamma, use=use)
            expected = backgrounds.nearest(record, weights, gamma, baseline)
            scale = float(np.abs(record.evidence).max())
            np.testing.assert_allclose(
                np.reshape(values, expected.values.shape), expected.values, rtol=0, atol=1e-6 * scale
            )
            note = browser.run(f"return document.querySelector('[data-specimen=\"{image_id}\"] .map-note').textContent")
            assert (str(note) == "") == (expected.baseline == "none" and not expected.missing), (
                "what it is above is said"
            )
            assert ("no background of" in str(note)) == (gamma > 0 and bool(expected.missing))


def test_a_page_begins_above_the_baseline_of_its_report_and_prints_it(
    browser: Browser, made: tuple[Path, Classifier], figures: EvaluationReport, tmp_path: Path
) -> None:
    report(made[0] / "maps.zarr", tmp_path, evaluation=figures, specimens=2, above="both")
    printed = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert "above the look-alike&#39;s specimens and its own mean where that is known" in printed
    assert "the map is shown above " in printed, "each printed map says what it is above"
    with file_server(tmp_path) as host:
        opened(browser, f"{host}/{PAGE}")
        assert browser.run("return document.querySelector('#above').value") == "both"
        assert "above" in str(browser.run("return document.querySelector('.map-note').textContent"))
        opened(browser, f"{host}/{PAGE}#above=none")
        assert browser.run("return document.querySelector('#above').value") == "none"
        assert browser.run("return document.querySelector('.map-note').textContent") == ""
        assert browser.complaints() == []


def test_the_atlas_asks_its_own_host_alone_and_says_nothing(browser: Browser, address: str) -> None:
    for page in (PAGE, PAIR, "index.html"):
        for width in (1400, 390):
            opened(browser, f"{address}/{page}", width)
            assert {url.split("/")[2] for url in browser.requested()} == {address.split("/")[2]}
            assert browser.complaints() == []
            assert browser.run("return document.documentElement.scrollWidth") <= width, "no scrolling sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_assistive_technology(browser: Browser, address: str, scheme: str) -> None:
    for page in (f"{PAGE}#region=0.1&signed=1", PAIR, "index.html"):
        for width in (1400, 390):
            opened(browser, f"{address}/{page}", width, scheme)
            browser.run(AXE.read_text(encoding="utf-8"))
            found = browser.driver.execute_async_script(
                "axe.run().then((r) => arguments[0](r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)])))"
            )
            assert found == [], f"{page}, {width} pixels, {scheme}"


def test_a_page_loads_the_evidence_of_its_own_species_alone(browser: Browser, address: str) -> None:
    opened(browser, f"{address}/{PAGE}")
    chunks = [url for url in browser.requested() if "evidence.zarr" in url]
    assert chunks
    assert all("Lumichthys_pinguis" in url for url in chunks)


def test_a_map_is_described_by_the_part_it_is_strongest_at(
    browser: Browser, address: str, made: tuple[Path, Classifier]
) -> None:
    store = open_store(made[0] / "maps.zarr")
    opened(browser, f"{address}/{PAGE}#gamma=0.6")
    found = browser.driver.execute_async_script(MAPS, "#gamma=0.7")
    labels = browser.run("""return Object.fromEntries([...document.querySelectorAll("figure[data-specimen]")]
        .map((f) => [f.dataset.specimen, f.querySelector("canvas.live").getAttribute("aria-label")]))""")
    assert isinstance(labels, dict)
    for image_id, values in found.items():
        y, x = np.unravel_index(int(np.argmax(values)), store.provenance.grid)
        mask = read_mask(store, image_id)
        assert mask is not None
        left, top, right, bottom = store.window(image_id)
        (height, width), (down, across) = mask.shape, store.provenance.grid
        rows = top + (np.array([y, y + 1]) * (bottom - top)) / down
        columns = left + (np.array([x, x + 1]) * (right - left)) / across
        (r0, r1), (c0, c1) = rows.clip(0, height).astype(int), columns.clip(0, width).astype(int)
        shown = np.bincount(mask[r0 : r1 + 1, c0 : c1 + 1].ravel(), minlength=3)[1:]
        clearly = shown.max() > 1.5 * np.sort(shown)[-2]  # rows of pixels at its edge may belong to the cell or not
        names = {str(trait.id): trait.name.lower() for trait in traits_of(store)}
        if clearly and shown.max() > 0.15 * mask[r0 : r1 + 1, c0 : c1 + 1].size:
            assert f"strongest at the {names[str(int(np.argmax(shown)) + 1)]}" in labels[image_id]
        elif not shown.sum():
            assert not any(name in labels[image_id] for name in names.values())
        assert "Finer-CAM, " in labels[image_id]


def test_a_view_comes_back_from_its_address(browser: Browser, address: str) -> None:
    opened(browser, f"{address}/{PAGE}#gamma=1.25&region=0.1&signed=1")
    assert browser.run('return document.querySelector("#gamma").value') == "1.25"
    assert browser.run('return document.querySelectorAll("svg.outline path[d^=M]").length') == 3
    note = browser.run('return document.querySelector(".map-note").textContent')
    assert "of the evidence lies in the outline" in str(note)


def test_the_pooled_difference_follows_gamma_as_in_python(
    browser: Browser, address: str, made: tuple[Path, Classifier]
) -> None:
    opened(browser, f"{address}/{PAIR}#gamma=0.5")
    diagnosis = Diagnosis(open_store(made[0] / "maps.zarr"))
    here, there = mean_specimens(diagnosis, diagnosis.answer("Lumichthys pinguis", "Lumichthys planus"))
    for gamma in (1.0, 0.0, 0.5, 2.0):
        found = np.array(browser.driver.execute_async_script(POOLED, f"#gamma={gamma}&signed=1")).reshape(40, 40)
        own, other = here.own + there.own, here.other + there.other
        expected = (own - gamma * other).reshape(40, 4, 40, 4).mean(axis=(1, 3))
        # Both are stored with 11 bits.
        tolerance = 2**-11 * float(np.abs(own).max() + gamma * np.abs(other).max())
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    np.testing.assert_allclose(own - other, here.difference + there.difference, atol=1e-9)
    label = browser.run('return document.querySelector("#pooled canvas").getAttribute("aria-label")')
    assert "strongest" in str(label)


def test_the_evidence_beside_the_pages_is_the_stored_one(atlas: Path, made: tuple[Path, Classifier]) -> None:
    store = open_store(made[0] / "maps.zarr")
    stored = store.species_dataset(SPECIES)
    folder = atlas / "evidence.zarr" / store.groups[SPECIES]
    assert folder.is_dir(), "where the store has it"
    beside = xr.open_zarr(folder, consolidated=False)
    same = stored.sel(specimen=beside["specimen"].values)
    for name in ("evidence", "logit", "log_sum_exp", "predicted"):
        np.testing.assert_array_equal(beside[name].values, same[name].values)
    np.testing.assert_array_equal(finer_cam(beside, gamma=1.1).values, finer_cam(same, gamma=1.1).values)


def test_a_damaged_chunk_is_said_and_the_printed_map_stays(browser: Browser, atlas: Path, tmp_path: Path) -> None:
    shutil.copytree(atlas, tmp_path / "atlas")
    chunk = next((tmp_path / "atlas" / "evidence.zarr").rglob("Lumichthys_pinguis/evidence/c/0/0/0/0"))
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 4
    chunk.write_bytes(content)
    with file_server(tmp_path / "atlas") as address:
        opened(browser, f"{address}/{PAGE}")
        said = browser.run('return [...document.querySelectorAll(".map-note")].map((n) => n.textContent)')
        assert isinstance(said, list)
        assert said
        assert all("its checksum does not match" in sentence for sentence in said)
        assert browser.run('return document.querySelectorAll("canvas.live").length') == 0
        assert browser.run('return document.querySelectorAll("img.map").length')


def test_evidence_of_another_run_is_refused(browser: Browser, atlas: Path, tmp_path: Path) -> None:
    shutil.copytree(atlas, tmp_path / "atlas")
    page = tmp_path / "atlas" / PAGE
    text = page.read_text(encoding="utf-8")
    start = text.index('id="finercam-facts">') + len('id="finercam-facts">')
    facts = json.loads(text[start : text.index("</script>", start)])
    places = facts["specimens"]
    for place in places.values():
        place["slot"] = (place["slot"] + 1) % len(places)
    page.write_text(text[:start] + json.dumps(facts) + text[text.index("</script>", start) :], encoding="utf-8")
    with file_server(tmp_path / "atlas") as address:
        opened(browser, f"{address}/{PAGE}")
        said = browser.run('return document.querySelector(".map-note").textContent')
        assert "write the atlas again" in str(said)


def test_an_object_store_serves_the_atlas_as_it_is(browser: Browser, atlas: Path, tmp_path: Path) -> None:
    with s3_host(tmp_path / "server.log") as endpoint:
        keys = {"key": "test", "secret": "test", "endpoint_url": endpoint}
        files = fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True, **keys)
        files.mkdir("atlas")
        photographs = (atlas / FOLDER).rglob("*.jpg")
        for path in (*atlas.rglob("Lumichthys_pinguis/**/*"), *photographs, atlas / PAGE, atlas / "finercam.js"):
            if path.is_file():
                kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                name = path.relative_to(atlas).as_posix()
                files.pipe_file(f"atlas/{name}", path.read_bytes(), ContentType=kind, ACL="public-read")
        opened(browser, f"{endpoint}/atlas/{PAGE}")
        assert browser.run('return document.querySelectorAll("figure[data-live]").length') == 3
        assert browser.complaints() == []


def test_a_name_is_text_wherever_it_stands(browser: Browser, atlas: Path, tmp_path: Path) -> None:
    hostile = '<img src=x onerror="window.stolen=1"></script><script>window.stolen=2</script>'
    shutil.copytree(atlas, tmp_path / "atlas")
    group = zarr.open_group(next((tmp_path / "atlas" / "evidence.zarr").rglob("Lumichthys_pinguis")))
    names = group["class"]
    assert isinstance(names, zarr.Array)
    names[1] = hostile
    with file_server(tmp_path / "atlas") as address:
        opened(browser, f"{address}/{PAGE}#specimen=demo_lumichthys_pinguis_20000&region=0.1")
        assert browser.run('return document.querySelector("fieldset.references").textContent.includes("onerror")')
        assert browser.run("return window.stolen ?? 0") == 0
        assert browser.run('return document.querySelectorAll("dialog[open] canvas.large").length') == 1
        saved = browser.run('return [...document.querySelectorAll("dialog button")].map((b) => b.textContent)')
        assert saved == [f"Save {form}" for form in SAVED] + ["Close"]
        assert browser.complaints() == []


def test_from_a_disk_the_printed_maps_stay_and_the_page_says_why(browser: Browser, atlas: Path) -> None:
    browser.open((atlas / PAGE).as_uri(), 1400)
    assert "through a web server" in str(browser.run('return document.querySelector("#live-note").textContent'))
    assert browser.run('return document.querySelectorAll("img.map").length')
    assert browser.complaints() == []
