"""A proxy before an S3 server that loses requests and answers, and asks for patience, as large object stores do."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

_ERROR = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-encoding", "content-length", "keep-alive"}


@dataclass
class Faults:
    """How often what goes wrong, as shares of all requests, and how often it did.

    Attributes
    ----------
    before : float
        500 InternalError, and nothing was done.
    after : float
        500 InternalError, although it was done: the answer was lost.
    slow : float
        503 SlowDown.
    asked : list of (str, str)
        Method and path of every request.
    """

    before: float = 0.01
    after: float = 0.01
    slow: float = 0.03
    seed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random, self._lock = random.Random(self.seed), threading.Lock()

    def draw(self) -> str:
        with self._lock:
            at = self._random.random()
            limits = {"before": self.before, "after": self.before + self.after}
            limits["slow"] = limits["after"] + self.slow
            name = next((name for name, limit in limits.items() if at < limit), "passed")
            self.counts[name] += 1
            return name


@contextmanager
def failing_s3(server: str, faults: Faults) -> Iterator[str]:
    """URL of the proxy."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self._body()
            fault = faults.draw()
            faults.asked.append((self.command, self.path))
            if fault in ("before", "slow"):
                self._answer(*((503, "SlowDown") if fault == "slow" else (500, "InternalError")))
                return
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _NOT_PASSED_ON}
            done = client.request(self.command, f"{server}{self.path}", headers=headers, content=body)
            if fault == "after":
                self._answer(500, "InternalError")
                return
            self.send_response(done.status_code)
            for key, value in done.headers.multi_items():
                if key.lower() not in _NOT_PASSED_ON:
                    self.send_header(key, value)
            length = done.headers.get("content-length", "0") if self.command == "HEAD" else str(len(done.content))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(done.content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on

        def _body(self) -> bytes:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _answer(self, status: int, code: str) -> None:
            content = b"" if self.command == "HEAD" else _ERROR.format(code=code).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    with (
        httpx.Client(trust_env=False, timeout=60) as client,
        ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy,
    ):
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()
