"""The review in a real Chromium, beside a reviewer in napari's session; the server is killed, the tab is closed."""

import threading
from pathlib import Path

import numpy as np
import pytest
from atlas_browser import Browser
from napari_finercam.session.review import ReviewSession
from review_page import WAIT, drag, judge, opened, own, press, said, shown, until
from review_server import ReviewServer
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from finercam_core.regions.rle import decode
from finercam_core.report import live_evidence
from finercam_core.review import Drafts, read_verdicts, region_iou

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        not live_evidence.SCRIPT.exists(), reason="the script of the live atlas is not built (make web)"
    ),
]


def test_by_keys_as_in_napari_and_both_see_each_other(
    browser: Browser, server: ReviewServer, small_store: Path
) -> None:
    first = opened(browser, server.links["Ana"])
    assert "token" not in str(browser.run("return location.href")), "the token leaves the address"
    session = ReviewSession(small_store, "Ben")
    session.navigation.go_to(first)
    theirs = session.decide("accept", "mine")
    assert not browser.run('return document.querySelector("#others").childElementCount'), (
        "blind before one's own verdict"
    )
    ids = [judge(browser, key) for key in "kju"]
    assert [own(small_store, image_id).decision for image_id in ids] == ["accept", "reject", "unsure"]  # type: ignore[union-attr]
    press(browser, "hhh")
    until(lambda: shown(browser) == first, "the way back")
    assert browser.run('return document.querySelector("#others").textContent') == "Ben: accepted, “mine”"
    session.refresh()
    assert {verdict.reviewer for verdict in session.verdicts.of_specimen(first)} == {"Ana", "Ben"}
    mine = own(small_store, first)
    assert mine is not None
    assert mine.regions[0].threshold == theirs.regions[0].threshold == {"top": 0.05}
    assert region_iou(mine.regions, theirs.regions) > 0.99, "one threshold, one region, in either window"
    session.decide("reject")
    until(
        lambda: "Ben: rejected" in str(browser.run('return document.querySelector("#others").textContent')), "the news"
    )
    session.close()
    assert browser.complaints() == []


def test_undo_takes_back_verdicts_and_strokes(browser: Browser, server: ReviewServer, small_store: Path) -> None:
    first = opened(browser, server.links["Ana"])
    press(browser, "p")
    drag(browser, (-0.3, -0.3), (-0.1, -0.3))
    until(lambda: Drafts(small_store, "Ana").load(first), "the draft")
    painted = Drafts(small_store, "Ana").load(first)
    assert painted is not None
    assert painted.regions[0].source == "painted"
    drag(browser, (0.3, 0.3), (0.1, 0.3))
    judge(browser, "k")
    verdict = own(small_store, first)
    assert verdict is not None
    assert Drafts(small_store, "Ana").load(first) is None
    before = int(str(browser.run("return window.acknowledged.length")))
    ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    until(lambda: browser.run("return window.acknowledged.length") == before + 1, "the verdict taken back")
    until(lambda: shown(browser) == first, "its specimen")
    assert own(small_store, first) is None
    again = Drafts(small_store, "Ana").load(first)
    assert again is not None
    np.testing.assert_array_equal(decode(again.regions[0].rle), decode(verdict.regions[0].rle))
    ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    until(
        lambda: (
            decode(Drafts(small_store, "Ana").load(first).regions[0].rle).sum() < decode(verdict.regions[0].rle).sum()
        ),
        "the stroke",
    )  # type: ignore[union-attr]
    assert browser.complaints() == []


def test_polygon_trait_and_note_are_kept(browser: Browser, server: ReviewServer, small_store: Path) -> None:
    first = opened(browser, server.links["Ana"])
    ActionChains(browser.driver).key_down(Keys.SHIFT).send_keys("m").key_up(Keys.SHIFT).perform()
    browser.run("document.querySelector('input[name=region][value=\"2\"]').click()")
    press(browser, "l")
    for corner in ((-0.4, -0.4), (-0.2, -0.4), (-0.2, -0.2), (-0.4, -0.2)):
        drag(browser, corner)
    press(browser, Keys.ENTER)
    Select(browser.driver.find_element(By.ID, "trait-2")).select_by_value("head")
    note = browser.driver.find_element(By.ID, "note")
    note.send_keys("<b>jaw</b> broken")
    note.send_keys(Keys.ENTER)
    judge(browser, "k")
    verdict = own(small_store, first)
    assert verdict is not None
    assert verdict.note == "<b>jaw</b> broken"
    by_number = {region.number: region for region in verdict.regions}
    assert (by_number[2].trait, by_number[2].uberon, by_number[2].source) == ("head", "UBERON:0000033", "painted")
    mask = decode(by_number[2].rle)
    height, width = mask.shape
    assert mask[int(0.2 * height), int(0.2 * width)]
    assert mask.sum() == pytest.approx(0.04 * mask.size, rel=0.2)
    assert not mask[height // 2 :].any()


def test_every_acknowledged_verdict_survives_two_kills_and_a_closed_tab(
    browser: Browser, server: ReviewServer, small_store: Path
) -> None:
    opened(browser, server.links["Ana"])
    ben = ReviewSession(small_store, "Ben")
    stop = threading.Event()

    def in_napari() -> None:
        while not stop.is_set() and ben.navigation.move(1):
            ben.decide("reject")

    other = threading.Thread(target=in_napari)
    other.start()
    judged = []
    for key in "kj":
        judged.append(judge(browser, key))
        server.kill()
        image_id = shown(browser)
        press(browser, "k")  # while there is no server
        until(lambda: "does not answer" in said(browser), "what the page says without a server")
        server.start()
        until(lambda image_id=image_id: shown(browser) != image_id, "the verdict after the server came back")
        judged.append(image_id)
    press(browser, "p")
    drag(browser, (-0.3, -0.3), (-0.1, -0.3))
    last = shown(browser)
    until(lambda: Drafts(small_store, "Ana").load(last), "the draft of the stroke before")
    drag(browser, (0.1, 0.1), (0.2, 0.1), release=False)  # in mid-stroke
    acknowledged = browser.run("return window.acknowledged")
    browser.driver.switch_to.new_window("tab")
    fresh = browser.driver.current_window_handle
    browser.driver.switch_to.window(next(h for h in browser.driver.window_handles if h != fresh))
    browser.driver.close()
    browser.driver.switch_to.window(fresh)
    other.join(WAIT)
    stop.set()
    ben.close()
    assert not other.is_alive()
    verdicts = read_verdicts(small_store)
    assert isinstance(acknowledged, list)
    assert len(acknowledged) == 4
    assert set(acknowledged) <= {verdict.key for verdict in verdicts}
    mine = [verdict for verdict in verdicts if verdict.reviewer == "Ana"]
    assert len(mine) == len({verdict.key for verdict in mine}), "what was sent again is there once"
    assert {verdict.image_id for verdict in mine} == set(judged)
    assert {verdict.reviewer for verdict in verdicts} == {"Ana", "Ben"}
    opened(browser, server.links["Ana"])
    assert shown(browser) == last, "the tab opened again goes on where it was"
    assert Drafts(small_store, "Ana").load(last) is not None
