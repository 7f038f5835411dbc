"""The live atlas in a real Firefox: the maps are Python's there too, and its console gets nothing."""

from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import firefox
import numpy as np
import pytest
from atlas_browser import file_server

from finercam_core.evaluate import EvaluationReport
from finercam_core.explain import Classifier
from finercam_core.finer import finer_cam
from finercam_core.report import live_evidence, report
from finercam_core.store import open_store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(firefox.FOUND is None, reason="the atlas was not tried in Firefox: install firefox-esr"),
    pytest.mark.skipif(
        not live_evidence.SCRIPT.exists(), reason="the script of the live atlas is not built (make web)"
    ),
]
SPECIES = "Lumichthys pinguis"
PAGE = "species/Lumichthys_pinguis.html"
PAIR = "pairs/Lumichthys_pinguis--vs--Lumichthys_planus.html"
SETTLED = """
const settled = (figure) => figure.dataset.live || figure.querySelector(".map-note")?.textContent;
for (const figure of document.querySelectorAll("figure[data-specimen]")) {
  figure.scrollIntoView();
  while (!settled(figure)) await new Promise((done) => setTimeout(done, 30));
}
return document.querySelectorAll("figure[data-live]").length;
"""
MAPS = """
const expected = document.querySelectorAll("figure[data-specimen]").length;
const found = {};
await new Promise((done) => {
  document.addEventListener("finercam:map", (event) => {
    found[event.target.dataset.specimen] = [...event.detail.map];
    if (Object.keys(found).length === expected) done();
  });
  location.hash = VIEW;
});
return found;
"""


def test_maps_are_those_of_python_and_the_console_is_silent(
    made: tuple[Path, Classifier], figures: EvaluationReport, tmp_path: Path
) -> None:
    assert report(made[0] / "maps.zarr", tmp_path / "atlas", evaluation=figures, specimens=3).live
    dataset = open_store(made[0] / "maps.zarr").species_dataset(SPECIES)
    references = [str(name) for name in dataset["class"].values[1:]]
    with file_server(tmp_path / "atlas") as address, firefox.firefox(tmp_path / "profile") as browser:
        browser.open(f"{address}/{PAGE}")
        assert browser.run(SETTLED) == 3
        furthest = 0.0
        for gamma, chosen in product((0.0, 0.3, 0.6, 1.0, 1.7), (references, references[:1], references[1:])):
            view = [("gamma", gamma), *(("without", name) for name in references if name not in chosen)]
            found = browser.run(MAPS.replace("VIEW", f'"#{urlencode(view)}"'))
            maps = finer_cam(dataset, gamma=gamma, references=chosen)
            for image_id, values in found.items():
                expected = maps.sel(specimen=image_id).values
                largest = float(np.abs(dataset["evidence"].sel(specimen=image_id)).max()) * max(1, gamma)
                difference = np.abs(np.reshape(values, expected.shape) - expected).max()
                furthest = max(furthest, float(difference) / largest)
                assert difference <= 8 * 2**-23 * largest, (gamma, chosen)
        for page, width in product((PAGE, PAIR, "index.html"), (1400, 390)):
            browser.open(f"{address}/{page}", width)
            browser.run(SETTLED)
            assert browser.run("return document.documentElement.scrollWidth") <= width
        hosts = {url.split("/")[2] for url in browser.requested if url.startswith("http")}
        assert hosts == {address.split("/")[2]}
        assert browser.complaints == []
        print(f"Firefox: 15 views, maps off by at most {furthest:.1e} of the largest evidence")
