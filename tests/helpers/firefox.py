"""A Firefox without a window, by WebDriver BiDi: the browser speaks it itself, so that no driver is needed."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import websocket

WAIT = 120  # seconds
FOUND = shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One tab of a Firefox.

    Parameters
    ----------
    address : str
        Where it listens, ws://…

    Attributes
    ----------
    complaints : list of str
        What the console got.
    requested : list of str
        Addresses asked for.
    """

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(f"{address}/session", timeout=WAIT, suppress_origin=True)
        self._numbers = count(1)
        self.complaints: list[str] = []
        self.requested: list[str] = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self._tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command, and wait for its answer; events that come meanwhile are noted."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("method") == "log.entryAdded":
                self.complaints.append(str(message["params"].get("text")))
            elif message.get("method") == "network.beforeRequestSent":
                self.requested.append(message["params"]["request"]["url"])
            elif message.get("id") == number:
                assert message["type"] == "success", message
                return message["result"]

    def open(self, url: str, width: int = 1400) -> None:
        """Show a page at a width."""
        self.ask("browsingContext.setViewport", context=self._tab, viewport={"width": width, "height": 900})
        self.ask("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def run(self, script: str) -> Any:
        """Value of the body of an async function in the page."""
        code = f"(async () => JSON.stringify((await (async () => {{ {script} }})()) ?? null))()"
        found = self.ask(
            "script.evaluate", expression=code, target={"context": self._tab}, awaitPromise=True, resultOwnership="none"
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def close(self) -> None:
        """End the conversation."""
        self._socket.close()

    def picture(self) -> str:
        """The page as a PNG, base64."""
        return str(self.ask("browsingContext.captureScreenshot", context=self._tab)["data"])


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """A browser with a fresh profile."""
    profile.mkdir(parents=True, exist_ok=True)
    command = [str(FOUND), "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        output = process.stderr
        assert output is not None
        found = next(filter(None, (re.search(r"listening on (ws://\S+)", line) for line in output)))
        browser = Firefox(found[1])
        try:
            yield browser
        finally:
            browser.close()
    finally:
        process.terminate()
        process.wait(WAIT)
        if process.stderr is not None:
            process.stderr.close()
