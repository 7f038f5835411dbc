"""One guard for every address that data names, limits of bytes and time, and no credentials anywhere."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pandas as pd
import pytest
from image_host import Host, picture
from planned_store import CLASSES, GRID, SETTINGS, plan_at

from finercam_core.catalog import open_catalog
from finercam_core.errors import FinercamError
from finercam_core.fetch import FetchSettings, fetch
from finercam_core.images.decoder import load_image
from finercam_core.images.faults import ImageError
from finercam_core.images.location import image_source
from finercam_core.io.web.download import DownloadError, DownloadLimits, download
from finercam_core.io.web.guard import AddressError, WebGuard
from finercam_core.io.web.logins import VARIABLE, login_for, remember_login
from finercam_core.permissions import ALLOW_PRIVATE
from finercam_core.redaction import name_of, without_secrets
from finercam_core.references.plan import plan_comparisons
from finercam_core.status import Status
from finercam_core.store import RunSettings, create_store, open_store
from finercam_core.store.planning.slots import plan_slots


class Strange(BaseHTTPRequestHandler):
    """A server that a stranger's table names."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))  # type: ignore[attr-defined]
        getattr(self, f"do_{self.path.strip('/').partition('.')[0]}", self.do_whole)()

    def do_whole(self) -> None:
        self.answer(picture(1))

    def do_private(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://169.254.169.254/latest/meta-data")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_file(self) -> None:
        self.send_response(302)
        self.send_header("Location", "file:///etc/passwd")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_round(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/round.jpg")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_announced(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(3_000_000_000))
        self.end_headers()

    def do_endless(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"\0" * 65536)
        except OSError:
            self.close_connection = True

    def do_slow(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for _ in range(200):
                self.wfile.write(b"\xff")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def strange() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Its address, and what it was asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        server.asked = []  # type: ignore[attr-defined]
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", server.asked  # type: ignore[attr-defined]
        server.shutdown()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOW_PRIVATE, raising=False)
    monkeypatch.setenv(VARIABLE, "{}")


def test_a_server_of_this_machine_is_not_asked_in_any_spelling(strange: tuple[str, list[object]]) -> None:
    url, asked = strange
    port = url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.1", "017700000001"):
        with pytest.raises(ImageError, match="allow it with --allow-private") as refused:
            load_image(f"http://{host}:{port}/a.jpg")
        assert refused.value.status is Status.UNREADABLE
    assert asked == []


@pytest.mark.parametrize(
    "address", ["[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[2002:a00:1::]", "[fe80::1]", "[::]"]
)
def test_ipv6_addresses_that_carry_a_private_one_are_refused(address: str) -> None:
    with pytest.raises(AddressError, match="private network"):
        WebGuard(allow_private=False).check(httpx.URL(f"http://{address}/a.jpg"))


def test_a_name_is_judged_by_what_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.216.34", "10.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (next(answers), 80))])
    guard = WebGuard(allow_private=False)
    guard.check(httpx.URL("http://fine.example/a.jpg"))
    with pytest.raises(AddressError, match=r"rebound\.example.* stands for 10\.0\.0\.1"):
        guard.check(httpx.URL("http://rebound.example/a.jpg"))


@pytest.mark.parametrize(
    "place",
    ["simplecache::file:///etc/passwd", "local:///etc/passwd", "file:///etc/passwd", "filecache::local:///etc/passwd",
     "simplecache::http://h.org/a.jpg", "zip://a.jpg::file:///tmp/a.zip", "blockcache::local://a", "memory://a",
     "LOCAL:///etc/passwd", "reference://::file:///etc/passwd", "dir://a::file:///etc", "github://o:r@/x",
     "jupyter://x", "../../etc/passwd", "/etc/passwd"],
)  # fmt: skip
@pytest.mark.parametrize("root", ["images", "s3://bucket/images", "https://h.org/images", "simplecache::file:///etc"])
def test_places_of_a_store_that_leave_the_collection_are_refused(tmp_path: Path, place: str, root: str) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(ImageError) as refused:
        image_source(place, str(tmp_path / root) if root == "images" else root)
    assert refused.value.status is Status.OUTSIDE_COLLECTION


def test_a_redirect_is_judged_like_an_address(
    strange: tuple[str, list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = strange
    monkeypatch.setenv(ALLOW_PRIVATE, "1")
    assert load_image(f"{url}/a.jpg").size == (24, 16)
    with pytest.raises(AddressError, match="file scheme"):
        download(f"{url}/file.jpg")
    with pytest.raises(DownloadError, match="redirects without end"):
        download(f"{url}/round.jpg")
    monkeypatch.setattr(WebGuard, "_check_host", refuse_metadata)
    with pytest.raises(AddressError, match="metadata"):
        download(f"{url}/private.jpg")
    assert [path for path, _ in asked].count("/round.jpg") == 9


def refuse_metadata(_self: WebGuard, url: httpx.URL, _shown: str) -> None:
    if url.host == "169.254.169.254":
        raise AddressError("metadata")


@pytest.mark.parametrize("page", ["announced", "endless", "slow"])
def test_too_much_and_too_slow_end_early(
    strange: tuple[str, list[object]], monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv(ALLOW_PRIVATE, "1")
    limits = DownloadLimits(max_bytes=1_000_000, total_seconds=0.5)
    with pytest.raises(DownloadError, match="did not come within" if page == "slow" else "at most 1,000,000 are taken"):
        download(f"{strange[0]}/{page}.jpg", limits)


SECRETS = ("hunter2", "AKIAIOSFODNN7", "s3cr3t", "abc123")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:hunter2@h.org/a.jpg is gone", "https://h.org/a.jpg is gone"),
        ("https://h.org/a.jpg?X-Amz-Signature=abc123&w=3", "https://h.org/a.jpg?X-Amz-Signature=…&w=3"),
        ("s3://AKIAIOSFODNN7:s3cr3t@bucket/a", "s3://bucket/a"),
        ("http://a@b:hunter2@h.org/x?access_token=s3cr3t;y=1", "http://h.org/x?access_token=…;y=1"),
        ("https://h.org/a?sig=abc123 https://h.org/b?key=s3cr3t", "https://h.org/a?sig=… https://h.org/b?key=…"),
        ("https://h.org/a.jpg?size=full&monkey=1", "https://h.org/a.jpg?size=full&monkey=1"),
        ("write it as NAME=VALUE; mail ada@museum.org", "write it as NAME=VALUE; mail ada@museum.org"),
    ],
)
def test_what_is_secret_in_an_address_is_not_said(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
    for error in (FinercamError(text, text), ImageError(Status.MISSING, text, text), AddressError(text)):
        assert not any(secret in f"{error} {error!r} {vars(error)}" for secret in SECRETS)


def test_a_log_in_of_an_address_is_used_by_the_run_and_kept_nowhere(
    strange: tuple[str, list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, asked = strange
    monkeypatch.setenv(ALLOW_PRIVATE, "1")
    plain = remember_login(f"{url.replace('://', '://ada:hunter2@')}/whole.jpg")
    assert plain == f"{url}/whole.jpg"
    load_image(plain)
    assert asked == [("/whole.jpg", httpx.BasicAuth("ada", "hunter2")._auth_header)]
    assert not isinstance(login_for(httpx.URL("https://elsewhere.example")), httpx.BasicAuth)


def test_a_store_has_no_log_in_and_no_path_of_this_machine(tmp_path: Path) -> None:
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", {"Aus bus": 2})
    made = json.loads((Path(store.location) / "zarr.json").read_text())["attributes"]["finercam"]
    assert (made["images_root"], made["images_root_relative"]) == ("", "../images")
    assert str(tmp_path) not in json.dumps(made)
    assert open_store(store.location).images_root == str(tmp_path / "images")
    table = pd.DataFrame({
        "image_id": ["a"], "scientificName": ["Aus bus"], "family": "", "genus": "Aus", "path": "", "fault": "",
        "accessURI": "https://ada:hunter2@h.org/a.jpg", "maskURI": "https://ada:hunter2@h.org/m.png",
    })  # fmt: skip
    plan = plan_slots(table, "https://ada:hunter2@h.org/images")
    assert "hunter2" not in plan.to_csv()
    assert isinstance(login_for(httpx.URL("https://h.org/a.jpg")), httpx.BasicAuth)


def test_a_fetch_uses_a_log_in_and_notes_none(tmp_path: Path) -> None:
    host = Host()
    threading.Thread(target=host.serve_forever, daemon=True).start()
    for name in ("a", "b"):
        host.put(f"/{name}.jpg", picture(ord(name)))
    own = host.url.replace("://", "://ada:hunter2@")
    rows = [f"{name},Aus bus,{own}/{name}.jpg?token=s3cr3t-{name}" for name in "abx"]
    (tmp_path / "t.csv").write_text("\n".join(["image_id,scientificName,accessURI", *rows]))
    settings = FetchSettings(allow_private=True, min_free=0)
    report = fetch(open_catalog(tmp_path / "t.csv"), tmp_path / "to", settings)
    assert (report.fetched, report.failures["image_id"].tolist()) == (2, ["x"])
    sent = host.headers["/a.jpg"][0]
    assert sent["Authorization"] == httpx.BasicAuth("ada", "hunter2")._auth_header
    again = fetch(open_catalog(tmp_path / "t.csv"), tmp_path / "to", settings)
    assert (again.fetched, again.there) == (0, 2), "they are known again"
    for path in (tmp_path / "to").rglob("*"):
        text = pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else ""
        content = path.read_bytes() if path.is_file() else b""
        assert not any(secret in text or secret.encode() in content for secret in SECRETS), path
    assert name_of("https://h.org/i?key=1") != name_of("https://h.org/i?key=2"), "two photographs stay two"
    host.shutdown()
    host.server_close()


def test_a_catalog_on_a_server_is_noted_without_its_log_in(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image_id,scientificName,path\na,Aus bus,a.jpg\n")
    catalog = open_catalog(tmp_path / "t.csv", root="https://ada:hunter2@h.org/images?token=s3cr3t")
    plan = plan_comparisons(catalog, CLASSES, references=1)
    store = create_store(tmp_path / "maps.zarr", catalog, plan, GRID, RunSettings.of(SETTINGS))
    everything = b"".join(path.read_bytes() for path in Path(store.location).rglob("*") if path.is_file())
    assert b"h.org/images" in everything
    assert not any(secret.encode() in everything for secret in SECRETS)
