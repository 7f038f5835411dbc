"""The page of the review in a real Chromium: accessible, every key accounted for, nothing run but its own script."""

import json
from pathlib import Path

import pytest
from atlas_browser import Browser, file_server
from napari_finercam.session.review import ReviewSession
from review_page import judge, opened, press, said, shown, until
from review_server import ReviewServer, review_server
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from finercam_core.report import live_evidence
from finercam_core.review import read_verdicts

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        not live_evidence.SCRIPT.exists(), reason="the script of the live atlas is not built (make web)"
    ),
]
AXE = Path(__file__).parents[2] / "viewer" / "web" / "node_modules" / "axe-core" / "axe.min.js"


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


def test_the_screen_says_how_a_colleague_elsewhere_comes_in(server: ReviewServer) -> None:
    (line,) = (said for said in server.said if "ssh -L" in said)
    assert f"ssh -L {server.port}:127.0.0.1:{server.port}" in line


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
