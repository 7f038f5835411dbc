"""A host of images on 127.0.0.1 with every fault that hosts have, and a hub beside it that speaks the hub's own API."""

import hashlib
import io
import json
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from PIL import Image

MB = 1 << 20
COMMIT = "c0ffee" + "0" * 34


def picture(seed: int, size: tuple[int, int] = (24, 16), kind: str = "JPEG") -> bytes:
    """A small picture of its own."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (2, 3, 3), dtype=np.uint8))
    file = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(file, kind)
    return file.getvalue() + b"%d" % seed * (kind == "JPEG")


@dataclass
class Page:
    """What stands at a path: the content, and what is wrong with how it is served."""

    content: bytes
    fault: str = ""
    location: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Handler(BaseHTTPRequestHandler):
    """Serves `server.pages`; counts requests."""

    protocol_version = "HTTP/1.1"
    server: "Host"
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        with self.server.lock:
            self.server.requests[path] += 1
            number = self.server.requests[path]
            self.server.headers.setdefault(path, []).append(dict(self.headers))
        if self.server.hub is not None and self.server.hub(self, path):
            return
        page = self.server.pages.get(path)
        if page is None:
            self.answer(404, b"no such page", {"Content-Type": "text/plain"})
        else:
            getattr(self, f"fault_{page.fault}" if page.fault else "whole")(page, number)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def answer(self, code: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def whole(self, page: Page, _: int = 0) -> None:
        """The whole content, or the rest that a Range with the right If-Range asks for."""
        tag = '"' + hashlib.md5(page.content).hexdigest() + '"'
        headers = {"ETag": tag, "Content-Type": "image/jpeg", "Last-Modified": formatdate(0)} | page.headers
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted and self.headers.get("If-Range", tag) == tag:
            start, end = int(wanted[1]), int(wanted[2] or len(page.content) - 1)
            end = min(end, len(page.content) - 1)
            span = f"bytes {start}-{end}/{len(page.content)}"
            self.answer(206, page.content[start : end + 1], headers | {"Content-Range": span})
        else:
            self.answer(200, page.content, headers)

    def fault_busy_twice(self, page: Page, number: int) -> None:
        self.answer(503) if number <= 2 else self.whole(page)

    def fault_always_busy(self, page: Page, number: int) -> None:
        self.answer(503)

    def fault_retry_after(self, page: Page, number: int) -> None:
        self.answer(429, headers={"Retry-After": "1"}) if number == 1 else self.whole(page)

    def fault_hang(self, page: Page, number: int) -> None:
        self.server.closing.wait(30)
        self.close_connection = True

    def fault_hang_once(self, page: Page, number: int) -> None:
        self.fault_hang(page, number) if number == 1 else self.whole(page)

    def fault_drip(self, page: Page, number: int) -> None:
        """A byte now and then, never long enough silent to be a hang."""
        self.send_response(200)
        self.send_header("Content-Length", str(10**6))
        self.end_headers()
        while not self.server.closing.wait(0.1):
            self.wfile.write(b"x")
            self.wfile.flush()

    def fault_reset_once(self, page: Page, number: int) -> None:
        self.fault_reset(page, number) if number == 1 else self.whole(page)

    def fault_reset(self, page: Page, number: int) -> None:
        """Half of the body, then a TCP reset."""
        tag = '"' + hashlib.md5(page.content).hexdigest() + '"'
        self.send_response(200)
        for name, value in {"Content-Length": str(len(page.content)), "ETag": tag, **page.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.content[: len(page.content) // 2])
        self.wfile.flush()
        self.server.closing.wait(0.1)  # let the half arrive: a reset throws away what the reader has not taken
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def fault_wrong_length(self, page: Page, number: int) -> None:
        self.answer(200, page.content, {"Content-Length": str(len(page.content) + 1000)})
        self.close_connection = True

    def fault_html_as_jpg(self, page: Page, number: int) -> None:
        self.answer(200, b"<!DOCTYPE html><html><body>Log in</body></html>", {"Content-Type": "image/jpeg"})

    def fault_html(self, page: Page, number: int) -> None:
        self.answer(200, b"<html><body>Log in</body></html>", {"Content-Type": "text/html; charset=utf-8"})

    def fault_redirect(self, page: Page, number: int) -> None:
        self.answer(302, headers={"Location": page.location})

    def fault_forbidden(self, page: Page, number: int) -> None:
        self.answer(403)

    def fault_cut(self, page: Page, number: int) -> None:
        self.answer(200, page.content[: len(page.content) * 2 // 3], {"Content-Type": "image/jpeg"})

    def fault_flood_after_promise(self, page: Page, number: int) -> None:
        """Announces 1 MB, sends 300."""
        self._flood({"Content-Length": str(MB)}, lambda block: block)

    def fault_flood_in_chunks(self, page: Page, number: int) -> None:
        """Announces nothing, sends 300 MB."""
        self._flood({"Transfer-Encoding": "chunked"}, lambda block: b"%x\r\n%s\r\n" % (len(block), block))

    def fault_flood_announced(self, page: Page, number: int) -> None:
        self._flood({"Content-Length": str(300 * MB)}, lambda block: block)

    def _flood(self, headers: dict[str, str], pack: Callable[[bytes], bytes]) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        for _ in range(300):
            self.wfile.write(pack(bytes(MB)))
            with self.server.lock:
                self.server.sent[unquote(self.path)] += MB


class Host(ThreadingHTTPServer):
    """A threaded server of images; `pages` by unquoted path, `requests` counts them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Page] = {}
        self.requests: Counter[str] = Counter()
        self.headers: dict[str, list[dict[str, str]]] = {}
        self.sent: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.hub: Callable[[Handler, str], bool] | None = None
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Clients that go away are what these tests are about."""

    def put(self, path: str, content: bytes, fault: str = "", **more: object) -> str:
        """Put a page; returns its address."""
        self.pages[path] = Page(content, fault, **more)  # type: ignore[arg-type]
        return self.url + path


class Hub:
    """The Hugging Face hub's API for one data set, as far as `huggingface_hub` asks for it."""

    name = "imageomics/fish-vista"

    def __init__(self, host: Host) -> None:
        self.files: dict[str, bytes] = {}
        self.promised: dict[str, int] = {}
        self.host = host
        host.hub = self.serve

    def serve(self, request: Handler, path: str) -> bool:
        api, resolve = f"/api/datasets/{self.name}", f"/datasets/{self.name}/resolve/"
        if path.startswith(f"{api}/paths-info/"):
            length = int(request.headers.get("Content-Length", 0))
            paths = parse_qs(request.rfile.read(length).decode())["paths"]
            self._json(request, [self._entry(p) for p in paths if p in self.files])
        elif path.startswith(f"{api}/tree/"):
            self._json(request, self._tree(path.removeprefix(f"{api}/tree/").partition("/")[2]))
        elif path.startswith(api):
            self._json(request, {"id": self.name, "sha": COMMIT, "siblings": [], "tags": [], "private": False})
        elif path.startswith(resolve):
            self._resolve(request, path.removeprefix(resolve).partition("/")[2])
        else:
            return False
        return True

    def _resolve(self, request: Handler, path: str) -> None:
        """Small files from the hub itself; images through a redirect to where large files lie."""
        if path not in self.files:
            request.answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        content = self.files[path]
        if path.startswith("Images/"):
            stored = f"/large/{hashlib.sha256(content).hexdigest()}"
            if stored not in self.host.pages:
                self.host.put(stored, content)
            headers = {"Location": self.host.url + stored, "X-Repo-Commit": COMMIT, "X-Linked-Size": str(len(content))}
            request.answer(302, headers=headers)
        else:
            request.whole(Page(content, headers={"X-Repo-Commit": COMMIT, "Content-Type": "text/plain"}))

    def _entry(self, path: str) -> dict[str, object]:
        content = self.files[path]
        size = self.promised.get(path, len(content))
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry: dict[str, object] = {"type": "file", "path": path, "size": size, "oid": oid}
        if path.startswith("Images/"):
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": size, "pointerSize": 130}
        return entry

    def _tree(self, folder: str) -> list[dict[str, object]]:
        prefix = f"{folder}/" if folder else ""
        inside = [p.removeprefix(prefix) for p in self.files if p.startswith(prefix)]
        folders = sorted({p.split("/")[0] for p in inside if "/" in p})
        entries = [{"type": "directory", "path": prefix + f, "oid": "0" * 40, "size": 0} for f in folders]
        return entries + [self._entry(prefix + p) for p in inside if "/" not in p]

    @staticmethod
    def _json(request: Handler, value: object) -> None:
        request.answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})


@pytest.fixture
def rows(tmp_path: Path) -> Callable[[list[dict[str, str]]], Path]:
    """Function that writes a table of specimens and returns its path."""

    def write(specimens: list[dict[str, str]]) -> Path:
        table = [{"image_id": f"i{n}", "scientificName": "Aus bus", **row} for n, row in enumerate(specimens)]
        pd.DataFrame(table).fillna("").to_csv(tmp_path / "table.csv", index=False)
        return tmp_path / "table.csv"

    return write


@pytest.fixture
def host() -> Iterator[Host]:
    """An empty host of images."""
    server = Host()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hub(host: Host) -> Hub:
    """A hub without files on the host."""
    return Hub(host)


@pytest.fixture
def draw() -> Callable[..., bytes]:
    """`picture`."""
    return picture
