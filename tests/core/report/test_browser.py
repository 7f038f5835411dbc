"""The atlas in a real Chromium without a window: as a reader's computer and telephone show it, light and dark."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from atlas_browser import Browser, chromium
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from finercam_core.evaluate import EvaluationReport
from finercam_core.explain import Classifier
from finercam_core.report import atlas as atlas_module
from finercam_core.report import report
from finercam_core.report.photographs import FOLDER

DESK, PHONE = 1400, 390
pytestmark = pytest.mark.xdist_group("browser")  # its tests share what takes long to make
PAGES = ("index.html", "species/Lumichthys_pinguis.html", "pairs/Lumichthys_pinguis--vs--Lumichthys_planus.html")
# Texts of less contrast than WCAG 2.2 asks of small print (4.5), against the nearest background that is not clear.
FAINT = """
const numbers = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
  .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = numbers(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
return [...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => [light(numbers(getComputedStyle(e).color)), light(ground(e)), e.textContent.trim().slice(0, 40)])
  .map(([a, b, text]) => [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text])
  .filter(([ratio]) => ratio < 4.5);
"""

# Pictures without words, of which a photograph has those of its preview, and pictures that came but show nothing.
BARE = """
return [...document.images].filter((i) => !(i.alt || i.previousElementSibling?.alt) || (i.complete && !i.naturalWidth))
  .filter((i) => i.checkVisibility()).length;
"""
SHOWN = """
const maps = [...document.querySelectorAll("img.map")].filter((i) => i.checkVisibility({visibilityProperty: true}));
return [...new Set(maps.map((i) => i.dataset.reference))];
"""
SMALL = """
const controls = [...document.querySelectorAll("select, input")].filter((e) => e.checkVisibility());
return controls.filter((e) => Math.max(e.offsetHeight, e.parentElement.offsetHeight) < 24).length;
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def atlas(made: tuple[Path, Classifier], figures: EvaluationReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the pages."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atlas_module, "SCRIPT", folder / "none")  # as where the script of the live maps was not built
        assert not report(made[0] / "maps.zarr", folder, evaluation=figures, specimens=2).live
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_quiet_whole_and_readable(browser: Browser, atlas: Path, page: str) -> None:
    url = (atlas / page).as_uri()
    for width in (DESK, PHONE):
        for scheme in ("light", "dark"):
            browser.open(url, width, scheme)
            folder = (atlas / FOLDER).as_uri()
            asked, *others = browser.requested()
            assert asked == url
            assert all(other.startswith(f"{folder}/") for other in others), "nothing but photographs is asked for"
            assert browser.complaints() == []
            assert browser.run("return innerWidth") == width
            assert browser.run("return document.documentElement.scrollWidth") <= width, "no scrolling sideways"
            assert browser.run(BARE) == 0
            assert browser.run(FAINT) == []
    ground = "return getComputedStyle(document.body).backgroundColor"
    dark = browser.run(ground)
    browser.open(url, PHONE, "light")
    assert browser.run(ground) != dark


def test_the_menu_changes_the_maps_on_a_telephone(browser: Browser, atlas: Path) -> None:
    browser.open((atlas / PAGES[1]).as_uri(), PHONE)
    menu = Select(browser.driver.find_element(By.ID, "reference"))
    assert browser.run(SHOWN) == ["all its references"]
    menu.select_by_value("Lumichthys planus")
    assert browser.run(SHOWN) == ["Lumichthys planus"]
    browser.driver.find_element(By.ID, "maps").click()
    assert browser.run(SHOWN) == []
    assert browser.run(SMALL) == 0, "targets of 24 pixels or more"


def test_the_search_finds_and_the_links_lead_on(browser: Browser, atlas: Path) -> None:
    browser.open((atlas / "index.html").as_uri(), PHONE)
    browser.driver.find_element(By.ID, "search").send_keys("lumich pinguis")
    shown = browser.driver.find_elements(By.CSS_SELECTOR, ".card:not([hidden]) a")
    assert [link.text for link in shown] == ["Lumichthys pinguis"]
    assert browser.driver.find_element(By.ID, "found").text == "1 species"
    shown[0].click()
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == "Lumichthys pinguis"
    browser.driver.find_element(By.LINK_TEXT, "Lumichthys planus").click()
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == "Lumichthys pinguis versus Lumichthys planus"
    assert browser.complaints() == []


INJECTED = """
document.body.insertAdjacentHTML("beforeend",
  '<img src="data:," alt="x" onerror="window.stolen = 1"><p id="painted" style="position: fixed">x</p>');
const script = document.createElement("script");
script.textContent = "window.stolen = 2";
document.body.append(script);
return new Promise((done) => setTimeout(() =>
  done([window.stolen ?? 0, getComputedStyle(document.querySelector("#painted")).position]), 300));
"""


@pytest.mark.parametrize("page", PAGES)
def test_no_script_and_no_style_but_the_page_s_own_is_run(browser: Browser, atlas: Path, page: str) -> None:
    assert "unsafe" not in (atlas / page).read_text(encoding="utf-8")
    browser.open((atlas / page).as_uri(), DESK)
    assert browser.run(INJECTED) == [0, "static"]
    assert sum("Content Security Policy" in message for message in browser.complaints()) == 3


def test_a_request_and_an_error_would_be_seen(browser: Browser, tmp_path: Path) -> None:
    """What the tests above rely on: a page that asks a server for a picture, and has a fault, is seen to."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    picture = f"http://127.0.0.1:{server.server_port}/picture.png"
    page = tmp_path / "page.html"
    text = f'<!doctype html><link rel="icon" href="data:,"><img src="{picture}" alt=""><script>nothing()</script>'
    page.write_text(text, encoding="utf-8")
    try:
        browser.open(page.as_uri(), DESK)
        assert browser.requested() == [page.as_uri(), picture]
        assert any("nothing is not defined" in message for message in browser.complaints())
    finally:
        server.shutdown()
        server.server_close()
