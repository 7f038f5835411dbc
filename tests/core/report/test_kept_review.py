"""A review on a page of the atlas, without a server: kept in the browser, saved as a file, taken into the store."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from atlas_browser import Browser, chromium, file_server
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from finercam_core.evaluate import EvaluationReport
from finercam_core.explain import Classifier
from finercam_core.report import live_evidence, report
from finercam_core.review import read_verdicts
from finercam_core.review.imported import import_verdicts
from finercam_core.store import open_store

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        not live_evidence.SCRIPT.exists(), reason="the script of the live atlas is not built (make web)"
    ),
]
PAGE = "species/Lumichthys_pinguis.html"
WAIT = 40


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def begin(browser: Browser, url: str) -> None:
    browser.driver.get("about:blank")
    browser.open(url, 1400)
    until(lambda: browser.run('return document.querySelectorAll("button.review").length'), "the way to the review")
    browser.driver.find_element(By.CSS_SELECTOR, "button.review").click()


def state(browser: Browser) -> tuple[str, str]:
    found = browser.run("""const desk = document.querySelector(".desk");
        return [desk?.dataset.specimen ?? "", desk?.querySelector("#decision")?.textContent ?? ""]""")
    assert isinstance(found, list)
    return found[0], found[1]


def test_verdicts_stay_in_the_browser_and_go_into_the_store(
    made: tuple[Path, Classifier], figures: EvaluationReport, tmp_path: Path
) -> None:
    assert report(made[0] / "maps.zarr", tmp_path / "atlas", evaluation=figures, specimens=2).live
    with file_server(tmp_path / "atlas") as address, chromium(tmp_path / "profile") as browser:
        files = {"behavior": "allow", "downloadPath": str(tmp_path)}
        browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", files)
        begin(browser, f"{address}/{PAGE}")
        name = browser.driver.find_element(By.ID, "reviewer")
        name.send_keys("Zoë <b>")
        name.send_keys(Keys.ENTER)
        until(lambda: state(browser)[0], "the first specimen")
        first, _ = state(browser)
        keys = ActionChains(browser.driver)
        keys.send_keys("p").perform()
        stage = browser.driver.find_element(By.CSS_SELECTOR, ".stage .stack")
        keys = ActionChains(browser.driver, duration=20)
        keys.move_to_element_with_offset(stage, -60, -40).click_and_hold().move_by_offset(30, 0).release().perform()
        ActionChains(browser.driver).send_keys("k").perform()
        until(lambda: state(browser)[0] != first, "the verdict")
        ActionChains(browser.driver).send_keys("j").perform()
        until(lambda: state(browser)[1] == "rejected", "the second verdict")
        begin(browser, f"{address}/{PAGE}")  # as after the tab was closed
        until(lambda: state(browser) == (first, "accepted"), "the first verdict again")
        browser.driver.find_element(By.ID, "save").click()
        saved = tmp_path / "verdicts.jsonl"
        until(saved.exists, "the file")
        until(lambda: saved.read_text(encoding="utf-8").count("\n") == 2, "its two lines")
        assert browser.complaints() == []
        hosts = {url.split("/")[2] for url in browser.requested() if url.startswith("http")}
        assert hosts == {address.split("/")[2]}
    store = tmp_path / "maps.zarr"
    shutil.copytree(made[0] / "maps.zarr", store)
    found = import_verdicts(saved, open_store(store, images=made[0] / "collection"))
    assert (found.taken, found.refused) == (2, {})
    accepted, rejected = read_verdicts(store)
    assert (accepted.reviewer, accepted.decision, rejected.decision) == ("Zoë <b>", "accept", "reject")
    assert accepted.regions[0].source == "painted"
    assert rejected.regions[0].source == "threshold"
    width, height = open_store(store, images=made[0] / "collection").image_size(accepted.image_id)
    assert accepted.regions[0].rle["size"] == [height, width], "at the photograph's own size"
    assert json.loads(saved.read_text(encoding="utf-8").splitlines()[0])["run"] == accepted.run
