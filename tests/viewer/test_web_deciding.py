"""An adjudicator in a real Chromium beside reviewers in napari's session: both regions seen, the third word kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from atlas_browser import Browser
from napari_finercam.session.review import ReviewSession
from review_page import drag, judge, opened, press, said, shown, until
from review_server import ReviewServer, review_server
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from finercam_core.report import live_evidence
from finercam_core.review import Adjudication, Drafts, assign, last_word, latest, read_verdicts
from finercam_core.review.agreement import region_iou
from finercam_core.store import open_store

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        not live_evidence.SCRIPT.exists(), reason="the script of the live atlas is not built (make web)"
    ),
]


@pytest.fixture
def lab(small_store: Path) -> Path:
    """The store, dealt to two with one who decides; they differ on two specimens, Ada with another comparison."""
    assign(open_store(small_store), ["Ada", "Bo"], adjudicators=["Dee"], overlap=2, seed=1)
    for reviewer, decision in (("Ada", "accept"), ("Bo", "reject")):
        session = ReviewSession(small_store, reviewer)
        for image_id in sorted(session.queue.ids)[:2]:
            session.navigation.go_to(str(image_id))
            if reviewer == "Ada":
                session.gamma = 1.0
            session.decide(decision, f"said by {reviewer}")  # type: ignore[arg-type]
        session.close()
    return small_store


@pytest.fixture
def lab_server(lab: Path, tmp_path: Path) -> Iterator[ReviewServer]:
    with review_server(lab, ["Dee", "Bo"], tmp_path / "home") as found:
        yield found


def opinions(browser: Browser) -> list[str]:
    found = browser.run(
        'return [...document.querySelectorAll("#opinions li")].map((li) => li.firstChild.nodeName === '
        '"svg" ? `${li.childNodes[1].data.trim()} ~` : li.firstChild.data.trim())'
    )
    assert isinstance(found, list)
    return found


def decided(store: Path, image_id: str) -> Adjudication | None:
    return last_word(v for (one, _), v in latest(read_verdicts(store)).items() if one == image_id)


def test_the_third_word_is_given_where_both_are_seen(browser: Browser, lab_server: ReviewServer, lab: Path) -> None:
    first = opened(browser, lab_server.links["Dee"])
    assert browser.run('return document.querySelector("#only").value') == "to adjudicate"
    assert browser.run('return document.querySelector("#place").textContent').startswith("1 of 2")  # type: ignore[union-attr]
    assert opinions(browser) == ["Ada: accepted, “said by Ada” ~", "Bo: rejected, “said by Bo” ~"]
    assert browser.run('return [...document.querySelectorAll(".theirs path")].map((p) => p.getAttribute("d")[0])')
    verdicts = {v.reviewer: v for v in read_verdicts(lab) if v.image_id == first}
    browser.driver.find_element(By.XPATH, "//ul[@id='opinions']//button[contains(@aria-label, 'Ada')]").click()
    until(lambda: Drafts(lab, "Dee").load(first), "the draft")
    opened(browser, lab_server.links["Dee"])  # as after the tab was closed
    judge(browser, "k")
    written = decided(lab, first)
    assert written is not None
    assert (written.reviewer, written.decision, written.number) == ("Dee", "accept", 1)
    assert {(one.reviewer, one.decision) for one in written.between} == {("Ada", "accept"), ("Bo", "reject")}
    taken, theirs = written.regions[0], verdicts["Ada"].regions[0]
    assert (taken.rle, taken.source, taken.threshold) == (theirs.rle, theirs.source, theirs.threshold)
    assert taken.comparison is not None
    assert taken.comparison.gamma == 1.0, "the map that Ada cut it from"
    dee = ReviewSession(lab, "Dee")
    assert [str(dee.queue.ids[row]) for row in dee.queue.order] == [shown(browser)], "napari has the other one left"
    dee.close()
    ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    until(lambda: decided(lab, first) is None, "the decision taken back")
    assert browser.complaints() == []


def test_a_taken_region_can_be_corrected(browser: Browser, lab_server: ReviewServer, lab: Path) -> None:
    first = opened(browser, lab_server.links["Dee"])
    browser.driver.find_element(By.XPATH, "//ul[@id='opinions']//button[contains(@aria-label, 'Ada')]").click()
    press(browser, "p")
    drag(browser, (-0.3, -0.3), (0.1, -0.3))
    judge(browser, "k")
    written = decided(lab, first)
    ada = latest(read_verdicts(lab))[first, "Ada"]
    assert written is not None
    assert written.regions[0].source == "painted"
    assert 0.1 < region_iou(written.regions, ada.regions) < 1


def test_what_changed_meanwhile_is_shown_and_not_decided(browser: Browser, lab_server: ReviewServer, lab: Path) -> None:
    first = opened(browser, lab_server.links["Dee"])
    press(browser, "p")
    drag(browser, (-0.3, -0.3), (0.1, -0.3))  # so that the news does not take the specimen away from under the pen
    bo = ReviewSession(lab, "Bo")
    bo.navigation.go_to(first)
    bo.decide("unsure", "on second thoughts")
    bo.close()
    press(browser, "k")
    until(lambda: "are not those that you saw" in said(browser), "the refusal")
    until(lambda: opinions(browser)[1] == "Bo: unsure, “on second thoughts” ~", "what Bo says now")
    assert decided(lab, first) is None
    judge(browser, "k")
    written = decided(lab, first)
    assert written is not None
    assert {one.decision for one in written.between} == {"accept", "unsure"}


def test_a_reviewer_is_shown_nothing_to_decide(browser: Browser, lab_server: ReviewServer) -> None:
    opened(browser, lab_server.links["Bo"])
    assert opinions(browser) == []
    assert browser.run('return document.querySelector("#opinions").closest("section").hidden')
    assert browser.run("return document.querySelectorAll('#only option[value=\"to adjudicate\"]').length") == 0
