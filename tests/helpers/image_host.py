"""A host of images on 127.0.0.1 with every fault that hosts have."""

import hashlib
import io
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import numpy as np
from PIL import Image

MB = 1 << 20


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

    def fault_partial_without_range(self, page: Page, number: int) -> None:
        """206 for everything, without saying which part it is."""
        self.answer(206, page.content, {"Content-Type": "image/jpeg"})

    def fault_partial_unasked(self, page: Page, number: int) -> None:
        """The first hundred bytes, though the whole was asked for; then the rest."""
        if "Range" in self.headers:
            self.whole(page)
            return
        tag = '"' + hashlib.md5(page.content).hexdigest() + '"'
        self.answer(206, page.content[:100], {"ETag": tag, "Content-Range": f"bytes 0-99/{len(page.content)}"})

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
