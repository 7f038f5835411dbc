"""Photographs beside the pages, in a real Chromium: one file each, a small one in the page, whole in what is saved."""

import base64
import io
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from atlas_browser import Browser, chromium, file_server
from PIL import Image
from selenium.webdriver.common.by import By

from finercam_core.evaluate import EvaluationReport
from finercam_core.explain import Classifier
from finercam_core.report import live_evidence, report
from finercam_core.report.photographs import FOLDER, PhotographFiles

pytestmark = pytest.mark.xdist_group("browser")
PAGE = "species/Lumichthys_pinguis.html"
# What is seen of each photograph: the file or the small one.
SEEN = """
return [...document.querySelectorAll(".stack")].map((stack) => {
  const [preview, photo] = [...stack.querySelectorAll("img.preview, img.photo")];
  return [preview.naturalWidth, preview.clientWidth, photo.naturalWidth];
});
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def atlas(made: tuple[Path, Classifier], figures: EvaluationReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    report(made[0] / "maps.zarr", folder, evaluation=figures, specimens=3)
    return folder


def test_a_page_sent_alone_shows_the_small_photographs(browser: Browser, atlas: Path, tmp_path: Path) -> None:
    shutil.copyfile(atlas / PAGE, tmp_path / "alone.html")
    browser.open((tmp_path / "alone.html").as_uri(), 1400)
    seen = browser.run(SEEN)
    assert isinstance(seen, list)
    assert len(seen) == 3
    for small, shown, whole in seen:
        assert small == 96
        assert shown > 2 * small, "as large as the photograph would be"
        assert whole == 0
    assert browser.run('return [...document.querySelectorAll("img.photo")].every((photo) => photo.hidden)')
    assert browser.run('return [...document.querySelectorAll("img.map")].filter((i) => i.naturalWidth).length')
    assert all("ERR_FILE_NOT_FOUND" in said for said in browser.complaints()), "of photographs and script alone"


def test_each_photograph_is_one_file_for_all_pages(atlas: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in atlas.rglob("*.html")]
    asked = {name for text in texts for name in re.findall(rf'{FOLDER}/shown/([^"]+)"', text)}
    assert asked == {path.name for path in (atlas / FOLDER / "shown").iterdir()}
    assert sum(text.count(f"{FOLDER}/shown/") for text in texts) > len(asked), "on a species page and on pair pages"


def test_specimens_that_a_disk_takes_for_one_have_two_files(tmp_path: Path) -> None:
    files = PhotographFiles(tmp_path, ["A/1", "a/1", "c:?"])
    addresses = [files.keep(image_id, Image.new("RGB", (2, 2))) for image_id in ("A/1", "a/1", "c:?")]
    assert len({address.casefold() for address in addresses}) == 3
    assert all((tmp_path / address).is_file() for address in addresses)


@pytest.mark.skipif(not live_evidence.SCRIPT.exists(), reason="the script of the live atlas is not built (make web)")
def test_a_figure_saved_as_svg_holds_the_whole_photograph(browser: Browser, atlas: Path, tmp_path: Path) -> None:
    saving = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", saving)
    name = "demo_lumichthys_pinguis_20002"
    with file_server(atlas) as address:
        browser.open(f"{address}/{PAGE}#specimen={name}", 390)  # far below the screen, so that it was not loaded yet
        deadline = time.monotonic() + 40
        while not (buttons := browser.driver.find_elements(By.XPATH, "//dialog//button[text()='Save SVG']")):
            assert time.monotonic() < deadline, "the enlarged specimen is shown"
            time.sleep(0.05)
        buttons[0].click()
        while not (tmp_path / f"{name}.svg").exists():
            assert time.monotonic() < deadline, "the figure is saved"
            time.sleep(0.05)
    text = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
    (found,) = re.findall(r'href="data:image/jpeg;base64,([^"]+)"', text)
    photograph = base64.b64decode(found)
    assert photograph == (atlas / FOLDER / "shown" / f"{name}.jpg").read_bytes()
    assert max(Image.open(io.BytesIO(photograph)).size) > 96
    assert browser.complaints() == []
