"""The index of 1,900 species on a telephone: families with counts, folded, and a search that opens what it finds."""

from pathlib import Path

import pytest
from atlas_browser import chromium
from selenium.webdriver.common.by import By

from finercam_core.evaluate.caveats import Caveat
from finercam_core.report.page_templates import environment
from finercam_core.report.pages import AtlasFacts, Card, FamilyGroup, IndexPage, SpeciesAccuracy, SpeciesFacts

pytestmark = pytest.mark.xdist_group("browser")
VISIBLE = "return [...document.querySelectorAll('.card')].filter((e) => e.checkVisibility()).length"
FACTS = AtlasFacts(
    "Carabids",
    "resnet10t",
    "layer4",
    "0" * 64,
    "gradcam",
    0.6,
    "none",
    (7, 7),
    "3,800 test images",
    "",
    "whole difference",
    "95 %",
    "not measured: it needs the classifier",
    (),
    {"traits": "not measured: no trait masks"},
    "evaluation",
    "0123456789ab",
    "2026-01-01T00:00:00+00:00",
    "1.0",
)


def card(family: int, number: int) -> Card:
    name = f"Genus{family:02d} epithet{number}"
    caveats = (Caveat(name, "few images", "only 2 specimens were judged"),) if number % 3 == 0 else ()
    return Card(SpeciesFacts(name, f"Familia{family:02d}idae", "", SpeciesAccuracy(2, 2, 1, 0.3, 1, ""), caveats), "")


def test_the_index_of_1900_species_is_short_on_a_telephone_and_the_search_opens_it(tmp_path: Path) -> None:
    families = tuple(FamilyGroup(f"Familia{f:02d}idae", tuple(card(f, n) for n in range(50))) for f in range(38))
    page = IndexPage(families, 1900, 3, opened=False)
    text = environment().get_template("index.html").render(atlas=FACTS, page=page, up="", live=None)
    assert len(text) < 1_500_000
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    with chromium(tmp_path / "profile") as browser:
        browser.open((tmp_path / "index.html").as_uri(), 390)
        assert browser.run("return document.documentElement.scrollWidth") <= 390
        assert browser.run(VISIBLE) == 0
        summaries = [e.text for e in browser.driver.find_elements(By.TAG_NAME, "summary")]
        assert summaries[1].split("\n")[0].startswith("Familia01idae")
        assert "50 species, 17 with caveats" in summaries[1]
        search = browser.driver.find_element(By.ID, "search")
        search.send_keys("genus07 epithet4")
        assert browser.run(VISIBLE) == 11
        assert browser.driver.find_element(By.ID, "found").text == "11 species"
        shown = [e.text for e in browser.driver.find_elements(By.TAG_NAME, "summary") if e.is_displayed()]
        assert len(shown) == 1
        assert "11 of 50 species" in shown[0]
        search.clear()
        search.send_keys(" ")
        assert browser.run(VISIBLE) == 0
        assert browser.driver.find_element(By.ID, "found").text == "1,900 species"
        assert browser.complaints() == []
