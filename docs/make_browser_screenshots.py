"""Make the pictures of the pages: `python docs/make_browser_screenshots.py docs/images [atlas]`, with Chromium.

The review is photographed on the plugin's sample; the pair page comes from the demo's atlas, if it is given.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from atlas_browser import Browser, chromium, file_server
from napari_finercam.formats.sample import make_sample
from napari_finercam.session.review import ReviewSession
from review_server import review_server
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

LOADING = 3  # seconds
PAIR = "pairs/Coralodon_ocellatus--vs--Coralodon_rotundus.html"
VIEWS = (("review-browser", 1400, 900, "light"), ("review-browser-phone", 390, 844, "dark"))


def main(images: Path, atlas: Path | None) -> None:
    """Photograph the review in a browser, and a pair's page."""
    with tempfile.TemporaryDirectory() as text, chromium(Path(text) / "profile") as browser:
        folder = Path(text)
        store = make_sample(folder / "sample")
        colleague = ReviewSession(store, "B. Curator")
        colleague.decide("accept", "spot behind the head")
        colleague.close()
        with review_server(store, ["A. Ichthyologist"], folder / "home") as server:
            for name, width, height, scheme in VIEWS:
                browser.driver.get("about:blank")
                browser.open(server.links["A. Ichthyologist"], width, scheme)
                time.sleep(LOADING)
                if width > 1000:
                    judge(browser)
                save(browser, images / f"{name}.png", width, height)
        if atlas is not None:
            with file_server(atlas) as address:
                browser.open(f"{address}/{PAIR}#gamma=0.6", 1400)
                time.sleep(LOADING)
                browser.run('document.querySelector("#live-panel").scrollIntoView()')
                save(browser, images / "atlas-pair.png", 1400, 900)


def judge(browser: Browser) -> None:
    """A verdict, and the way back, so that the colleague's is shown; then a stroke."""
    ActionChains(browser.driver).send_keys("k").pause(2).send_keys("h").pause(2).send_keys("p").perform()
    stage = browser.driver.find_element(By.CSS_SELECTOR, ".stage .stack")
    act = ActionChains(browser.driver, duration=60)
    act.move_to_element_with_offset(stage, -230, -90).click_and_hold().move_by_offset(60, 30).release().perform()
    time.sleep(1)


def save(browser: Browser, path: Path, width: int, height: int) -> None:
    """What the page shows, as a picture."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    time.sleep(0.5)
    browser.driver.save_screenshot(str(path))
    print(path, browser.complaints() or "")


if __name__ == "__main__":
    os.environ.setdefault("XDG_DATA_HOME", tempfile.mkdtemp())
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
