"""The page of a review in a real Chromium, driven as a person does: its link, its keys, its picture."""

import time
from collections.abc import Callable
from pathlib import Path

from atlas_browser import Browser
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from finercam_core.review import Verdict, latest, read_verdicts

WAIT = 40
LISTEN = """
window.acknowledged = [];
document.addEventListener("finercam:kept", (event) => window.acknowledged.push(event.detail));
"""


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until something holds; fails with what was waited for."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def shown(browser: Browser) -> str:
    """Id of the specimen that is shown, "" before the first."""
    return str(browser.run('return document.querySelector(".desk")?.dataset.specimen ?? ""'))


def said(browser: Browser) -> str:
    """The line under the picture."""
    return str(browser.run('return document.querySelector("#status")?.textContent ?? ""'))


def opened(browser: Browser, link: str, width: int = 1400, scheme: str = "light") -> str:
    """Open a reviewer's link, and wait for the first specimen; its id."""
    browser.driver.get("about:blank")
    browser.complaints()  # of pages before, whose server was killed
    browser.open(link, width, scheme)
    until(lambda: shown(browser), "the first specimen")
    browser.run(LISTEN)
    return shown(browser)


def press(browser: Browser, keys: str) -> None:
    """Press keys, wherever the focus is."""
    ActionChains(browser.driver).send_keys(keys).perform()


def judge(browser: Browser, key: str) -> str:
    """Press the key of a verdict, and wait until it is kept and the next specimen is there."""
    image_id, before = shown(browser), int(str(browser.run("return window.acknowledged.length")))
    press(browser, key)
    until(lambda: browser.run("return window.acknowledged.length") == before + 1, f"verdict {key} on {image_id}")
    until(lambda: shown(browser) != image_id or "ends here" in said(browser), "the next specimen")
    return image_id


def drag(browser: Browser, *path: tuple[float, float], release: bool = True) -> None:
    """Draw on the picture, in shares of its width and height from its middle."""
    stage = browser.driver.find_element(By.CSS_SELECTOR, ".stage .stack")
    width, height = stage.size["width"], stage.size["height"]
    act = ActionChains(browser.driver, duration=20)
    act.move_to_element_with_offset(stage, round(path[0][0] * width), round(path[0][1] * height)).click_and_hold()
    for x, y in path[1:]:
        act.move_to_element_with_offset(stage, round(x * width), round(y * height))
    (act.release() if release else act).perform()


def own(store: Path, image_id: str, reviewer: str = "Ana") -> Verdict | None:
    """The last verdict of a reviewer on a specimen."""
    return latest(read_verdicts(store)).get((image_id, reviewer))
