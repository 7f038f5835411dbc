"""The review in a real Chromium, beside a reviewer in napari's session; the server is killed, the tab is closed."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from atlas_browser import Browser, chromium, file_server
from napari_finercam.session.review import ReviewSession
from review_server import ReviewServer, review_server
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from finercam_core.regions.rle import decode
from finercam_core.report import live_evidence
from finercam_core.review import Drafts, Verdict, latest, read_verdicts, region_iou

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        not live_evidence.SCRIPT.exists(), reason="the script of the live atlas is not built (make web)"
    ),
]
WAIT = 40
AXE = Path(__file__).parents[2] / "viewer" / "web" / "node_modules" / "axe-core" / "axe.min.js"
LISTEN = """
window.acknowledged = [];
document.addEventListener("finercam:kept", (event) => window.acknowledged.push(event.detail));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        found.driver.set_script_timeout(30)
        yield found


@pytest.fixture
def server(small_store: Path, tmp_path: Path) -> Iterator[ReviewServer]:
    with review_server(small_store, ["Ana", "Ben"], tmp_path / "home") as found:
        yield found


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def shown(browser: Browser) -> str:
    return str(browser.run('return document.querySelector(".desk")?.dataset.specimen ?? ""'))


def said(browser: Browser) -> str:
    return str(browser.run('return document.querySelector("#status")?.textContent ?? ""'))


def opened(browser: Browser, link: str, width: int = 1400, scheme: str = "light") -> str:
    browser.driver.get("about:blank")
    browser.complaints()  # of pages before, whose server was killed
    browser.open(link, width, scheme)
    until(lambda: shown(browser), "the first specimen")
    browser.run(LISTEN)
    return shown(browser)


def press(browser: Browser, keys: str) -> None:
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
    return latest(read_verdicts(store)).get((image_id, reviewer))


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_telephone(browser: Browser, server: ReviewServer, scheme: str) -> None:
    for width in (1400, 390):
        opened(browser, server.links["Ana"], width, scheme)
        assert browser.run("return document.documentElement.scrollWidth") <= width, "no scrolling sideways"
        browser.run(AXE.read_text(encoding="utf-8"))
        found = browser.driver.execute_async_script(
            "axe.run().then((r) => arguments[0](r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)])))"
        )
        assert found == [], f"{width} pixels, {scheme}"


def test_every_key_of_the_table_does_something_here_or_is_said_to_be_napari_s(
    browser: Browser, server: ReviewServer
) -> None:
    opened(browser, server.links["Ana"])
    groups = json.loads(str(browser.run('return document.querySelector("#finercam-keys").textContent')))
    rows = str(browser.run('return document.querySelector("dialog.keys").textContent'))
    assert all(key["text"] in rows for group in groups for key in group["keys"])
    press(browser, "q")
    assert browser.run('return document.querySelector("dialog.keys").open')
    press(browser, Keys.ESCAPE)
    ActionChains(browser.driver).key_down(Keys.SHIFT).send_keys("w").key_up(Keys.SHIFT).perform()
    assert said(browser) == "only in napari"
    press(browser, "g")
    assert browser.run('return document.querySelector("#gamma").value') == "0"
    press(browser, "w")
    assert browser.run('return document.querySelector("canvas.heat").hidden')


HOSTILE = '<img src=x onerror="window.stolen=1"><script>window.stolen=2</script>'
INJECTED = """
const script = document.createElement("script");
try { script.textContent = "window.stolen = 3"; document.body.append(script); } catch (error) { /* Trusted Types */ }
let refused = 0;
try { document.body.insertAdjacentHTML("beforeend", arguments[0]); } catch (error) { refused = 1; }
return new Promise((done) => setTimeout(() => done([window.stolen ?? 0, refused]), 300));
"""
POSTED = """
const [address, token, form, done] = arguments;
const ways = [
  { mode: "no-cors", headers: { "Content-Type": "text/plain" } },
  { mode: "cors", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` } },
];
Promise.allSettled(ways.map((way) => fetch(`${address}/api/verdict`, { method: "POST", body: form, ...way })))
  .then((answers) => done(answers.map(({ status, value }) => value?.type ?? status)));
"""


def test_names_and_notes_run_nothing_and_a_foreign_page_cannot_post(
    browser: Browser, small_store: Path, tmp_path: Path
) -> None:
    evil = ReviewSession(small_store, HOSTILE)
    image_id = evil.specimen.image_id
    evil.decide("accept", HOSTILE)
    evil.close()
    with review_server(small_store, ["Ana", HOSTILE], tmp_path / "home") as server:
        assert opened(browser, server.links["Ana"]) == image_id
        judge(browser, "k")
        press(browser, "h")
        until(lambda: shown(browser) == image_id, "the way back")
        others = str(browser.run('return document.querySelector("#others").textContent'))
        assert others == f"{HOSTILE}: accepted, “{HOSTILE}”"
        assert browser.complaints() == []
        assert browser.driver.execute_script(INJECTED, HOSTILE) == [0, 1]
        assert all("Content Security Policy" in message or "Trusted" in message for message in browser.complaints())
        opened(browser, server.links[HOSTILE])
        assert HOSTILE in str(browser.run('return document.querySelector(".desk").textContent'))
        assert browser.run("return window.stolen ?? 0") == 0
        before = read_verdicts(small_store)
        token = server.links["Ana"].partition("#token=")[2]
        (tmp_path / "evil").mkdir()
        (tmp_path / "evil" / "index.html").write_text("<!doctype html><title>x</title>", encoding="utf-8")
        with file_server(tmp_path / "evil") as elsewhere:
            browser.driver.get(f"{elsewhere}/index.html")
            told = browser.driver.execute_async_script(POSTED, server.address, token, "{}")
            assert set(told) <= {"rejected", "opaque"}, "nothing can be read elsewhere"
            browser.complaints()
        assert read_verdicts(small_store) == before
