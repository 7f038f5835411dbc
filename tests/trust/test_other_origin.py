"""A web page of another origin, in a browser whose user is logged in, cannot start a run or read one; real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from atlas_browser import Browser, chromium, file_server
from prefect.client.schemas.filters import FlowRunFilter
from serve_process import ServerClient, login_in, server_client

from .conftest import Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("served")]

# All that a page can try: reading, starting with and without a preflight, a form, an event socket.
ATTACK = """
const [api, deployment, login, done] = arguments;
const basic = {Authorization: `Basic ${btoa(login)}`};
const json = {"Content-Type": "application/json"};
const start = `${api}/deployments/${deployment}/create_flow_run`;
const body = JSON.stringify({parameters: {classifier: "os:system"}});
const ways = {
  read: () => fetch(`${api}/deployments/${deployment}`),
  "read with the browser's credentials": () => fetch(`${api}/deployments/${deployment}`, {credentials: "include"}),
  "list runs": () => fetch(`${api}/flow_runs/filter`, {method: "POST", headers: json, body: "{}"}),
  start: () => fetch(start, {method: "POST", headers: json, body}),
  "start without a preflight": () => fetch(start, {method: "POST", mode: "no-cors", body}),
  "start as text": () => fetch(start, {method: "POST", headers: {"Content-Type": "text/plain"}, body}),
  "start with the log-in": () => fetch(start, {method: "POST", headers: {...json, ...basic}, body}),
  form: () => new Promise((resolve, reject) => {
    const form = document.createElement("form");
    Object.assign(form, {action: start, method: "post", enctype: "text/plain", target: "f"});
    const frame = Object.assign(document.createElement("iframe"), {name: "f"});
    document.body.append(frame, form);
    frame.addEventListener("load", () => resolve({status: frame.contentDocument ? 200 : 0}));
    setTimeout(() => reject(new Error("no answer")), 5000);
    form.submit();
  }),
  events: () => new Promise((resolve, reject) => {
    const socket = new WebSocket(api.replace("http", "ws") + "/events/out", ["prefect"]);
    socket.onopen = () => socket.send(JSON.stringify({type: "auth", token: null}));
    socket.onmessage = (event) => resolve({status: event.data});
    socket.onclose = () => reject(new Error("closed"));
    socket.onerror = () => reject(new Error("refused"));
  }),
};
(async () => {
  const found = {};
  for (const [name, way] of Object.entries(ways)) {
    try { const answer = await way(); found[name] = answer.type === "opaque" ? "unseen" : `${answer.status}`; }
    catch (error) { found[name] = "refused"; }
  }
  done(found);
})();
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser."""
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        opened.driver.set_script_timeout(60)
        yield opened


def all_runs(client: ServerClient) -> int:
    return len(client.prefect.read_flow_runs(flow_run_filter=FlowRunFilter()))


def test_a_page_of_another_origin_gets_nothing_and_starts_nothing(
    served: Served, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "evil.html").write_text("<!doctype html><title>holiday pictures</title>")
    login = login_in(served.process.folder)
    browser.open(served.url.removesuffix("/api"), 1400)
    browser.run(f"localStorage.setItem('prefect-password', {login!r})")  # as its own page keeps it
    with server_client(served.url, served.process.folder) as client, file_server(tmp_path) as evil:
        deployment, before = str(client.deployment("annotate/open").id), all_runs(client)
        browser.open(f"{evil}/evil.html", 1400)
        found = browser.driver.execute_async_script(ATTACK, served.url, deployment, login)
        after = all_runs(client)
    print(f"a page of another origin: {found}; runs before {before}, after {after}")
    assert after == before
    assert found.pop("start without a preflight") == "unseen", "it was sent, refused, and the page sees nothing"
    assert found.pop("form") in ("0", "refused")
    assert set(found.values()) == {"refused"}, found


def test_the_own_page_lets_its_user_in(served: Served, browser: Browser) -> None:
    """The counterpart: what is refused above works where the log-in is entered."""
    browser.open(served.url.removesuffix("/api"), 1400)
    login = login_in(served.process.folder)
    asked = """
    const [api, login, done] = arguments;
    const headers = {Authorization: `Basic ${btoa(login)}`};
    fetch(`${api}/deployments/name/annotate/open`, {headers}).then((a) => done(a.status), () => done("refused"));
    """
    assert browser.driver.execute_async_script(asked, served.url, login) == 200
    assert browser.driver.execute_async_script(asked, served.url, "finercam:guess") == 401
