"""Runs after runs: nothing twice, nothing lost, partial files resumed, stops in order."""

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.errors import FetchError
from finercam_core.fetch import FetchSettings, fetch
from finercam_core.fetch import folder as target_folder
from finercam_core.fetch.log import Log
from finercam_core.fetch.transport.partial import Partial

FAST: dict[str, Any] = {"attempts": 2, "backoff": 0.02, "read_timeout": 0.5, "min_free": 0, "allow_private": True}
QUICK = FetchSettings(**FAST)
LOGS = {".lock", "catalog.parquet", "catalog.toml", "failures.parquet", "fetched.parquet"}


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def images(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in (folder / "images").rglob("*") if path.is_file())


def test_a_second_run_asks_for_nothing(host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path) -> None:
    faults = ["", "html", "forbidden", "cut", "busy_twice"]
    table = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n), fault)} for n, fault in enumerate(faults)])
    settings = FetchSettings(**{**FAST, "attempts": 3})
    first = fetch(open_catalog(table), tmp_path / "to", settings)
    asked = host.requests.total()
    before = (tmp_path / "to" / "catalog.parquet").read_bytes()
    second = fetch(open_catalog(table), tmp_path / "to", settings)
    assert host.requests.total() == asked
    assert (first.fetched, second.fetched, second.there) == (2, 0, 2)
    pd.testing.assert_frame_equal(first.failures, second.failures)
    assert (tmp_path / "to" / "catalog.parquet").read_bytes() == before


def test_a_run_is_told_what_is_there_and_what_failed(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    faults = ["", "", "always_busy", "forbidden"]
    table = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n), fault)} for n, fault in enumerate(faults)])
    told: list[tuple[int, int, int]] = []

    class Listener:
        def planned(self, files: int, there: int, failed: int) -> None:
            told.append((files, there, failed))

        def received(self, count: int) -> None: ...
        def settled(self, *, good: bool) -> None: ...

    for _ in range(2):
        fetch(open_catalog(table), tmp_path / "to", QUICK, watcher=Listener())
    assert told == [(4, 0, 0), (1, 2, 1)]


def test_what_may_pass_is_asked_again_and_the_rest_only_on_request(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    faults = ["", "always_busy", "forbidden"]
    table = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n), fault)} for n, fault in enumerate(faults)])
    first = fetch(open_catalog(table), tmp_path / "to", QUICK)
    assert (first.fetched, len(first.failures), first.again) == (1, 2, 1)
    for page in host.pages.values():
        page.fault = ""
    second = fetch(open_catalog(table), tmp_path / "to", QUICK)
    assert second.failures["image_id"].tolist() == ["i2"]
    assert host.requests["/2.jpg"] == 1
    third = fetch(open_catalog(table), tmp_path / "to", QUICK, retry_failed=True)
    assert third.failures.empty
    assert (third.fetched, third.there, third.specimens) == (1, 2, 3)


def test_one_photograph_in_three_tables_is_one_file_and_one_request_an_address(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    same = draw(1)
    addresses = [host.put("/a.jpg", same), host.put("/a.jpg", same), host.put("/b.jpeg", same)]
    report = fetch(open_catalog(rows([{"accessURI": a} for a in addresses])), tmp_path / "to", QUICK)
    assert images(tmp_path / "to") == [same]
    assert host.requests == {"/a.jpg": 1, "/b.jpeg": 1}
    assert (report.specimens, report.files, report.fetched) == (3, 2, 2)
    assert open_catalog(tmp_path / "to" / "catalog.toml").specimens["path"].nunique() == 1


def test_the_rest_of_a_file_is_asked_for_where_it_broke_off(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    large = draw(1, (900, 700), "PNG")
    table = rows([{"accessURI": host.put("/1.png", large, "reset_once")}])
    fetch(open_catalog(table), tmp_path / "to", QUICK)
    assert images(tmp_path / "to") == [large]
    again = host.headers["/1.png"][1]
    assert again["Range"] == f"bytes={len(large) // 2}-"
    assert again["If-Range"] == '"' + hashlib.md5(large).hexdigest() + '"'


@pytest.mark.parametrize("change", ["content", "no validator", "weak tag"])
def test_pieces_of_two_versions_are_never_joined(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path, change: str
) -> None:
    old, new = draw(1, (900, 700), "PNG"), draw(2, (900, 700), "PNG")
    tag = {"content": {}, "no validator": {"ETag": ""}, "weak tag": {"ETag": 'W/"1"'}}[change]
    table = rows([{"accessURI": host.put("/1.png", old, "reset", headers=tag)}])
    with pytest.raises(FetchError, match="not one image"):
        fetch(open_catalog(table), tmp_path / "to", FetchSettings(**{**FAST, "attempts": 1}))
    # What a killed run leaves: the first half of the old version and the tag that it had.
    key = "\n".join(["image", f"{host.url}/1.png", "", ""])
    partial = Partial(tmp_path / "to" / "partial" / f"{hashlib.sha256(key.encode()).hexdigest()}.part")
    with partial.begin('"' + hashlib.md5(old).hexdigest() + '"' if change == "content" else "") as file:
        file.write(old[: len(old) // 2])
    host.put("/1.png", new)
    fetch(open_catalog(table), tmp_path / "to", QUICK)
    assert images(tmp_path / "to") == [new]


def test_a_server_that_joins_two_versions_itself_is_found_out(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    """The tag stays the same although the content changed: the checksum tells, and the file comes once more, whole."""
    old, new = draw(1, (900, 700), "PNG"), draw(2, (900, 700), "PNG")
    address = host.put("/1.png", new, headers={"ETag": '"same"'})
    known = {"hashFunction": "SHA-256", "hashValue": hashlib.sha256(new).hexdigest()}
    table = rows([{"accessURI": address, **known}])
    key = "\n".join(["image", address, "sha256", known["hashValue"]])
    partial = Partial(tmp_path / "to" / "partial" / f"{hashlib.sha256(key.encode()).hexdigest()}.part")
    with partial.begin('"same"') as file:
        file.write(old[: len(old) // 2])
    host.pages["/1.png"].headers["ETag"] = '"' + hashlib.md5(new).hexdigest() + '"'
    fetch(open_catalog(table), tmp_path / "to", QUICK)
    assert images(tmp_path / "to") == [new]


def test_no_host_answers_more_than_its_share_at_once(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most, lock = 0, 0, threading.Lock()
    whole = host.RequestHandlerClass.whole

    def slow(handler: Any, page: Any, number: int = 0) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        whole(handler, page, number)

    monkeypatch.setattr(host.RequestHandlerClass, "whole", slow)
    table = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n))} for n in range(30)])
    fetch(open_catalog(table), tmp_path / "to", FetchSettings(**FAST, per_host=3))
    assert most == 3


def test_a_silent_host_is_given_up_and_asked_again_next_time(rows: Any, tmp_path: Path) -> None:
    table = rows([{"accessURI": f"http://127.0.0.1:9/{n}.jpg"} for n in range(40)])
    settings = FetchSettings(**{**FAST, "attempts": 1}, give_up_after=5, per_host=2)
    with pytest.raises(FetchError, match="not one image"):
        fetch(open_catalog(table), tmp_path / "to", settings)
    reasons = pd.read_parquet(tmp_path / "to" / "failures.parquet")["reason"].value_counts()
    assert 5 <= reasons["CONNECTION"] <= 7
    assert reasons["HOST_GIVEN_UP"] == 40 - reasons["CONNECTION"]


def test_damaged_and_missing_files_come_again(host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path) -> None:
    table = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n))} for n in range(3)])
    fetch(open_catalog(table), tmp_path / "to", QUICK)
    good = images(tmp_path / "to")
    first, second, _ = sorted((tmp_path / "to" / "images").rglob("*.jpg"))
    first.unlink()
    second.write_bytes(bytes(second.stat().st_size))
    assert fetch(open_catalog(table), tmp_path / "to", QUICK).fetched == 1
    assert fetch(open_catalog(table), tmp_path / "to", QUICK, verify=True).fetched == 1
    assert images(tmp_path / "to") == good


def test_leftovers_of_a_kill_are_gone_on_with_or_swept(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    """A journal with a torn line, a file in place that nobody noted, half-written logs, a partial file."""
    table, to = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n))} for n in range(4)]), tmp_path / "to"
    fetch(open_catalog(table), to, QUICK)
    good = images(to)
    log = Log(to)
    entries = log.results().to_json(orient="records", lines=True).splitlines()
    log.journal.write_text("\n".join(entries[:3]) + "\n" + entries[3][:40])
    for name in ("fetched.parquet", "failures.parquet", "catalog.toml", "catalog.parquet"):
        (to / name).unlink()
    (to / "images" / "00").mkdir(exist_ok=True)
    (to / "images" / "00" / f"{'0' * 64}.jpg").write_bytes(b"lost")
    (to / "fetched.parquet.77.partial").write_bytes(b"half")
    (to / "partial").mkdir()
    (to / "partial" / "x.part").write_bytes(b"half")
    host.requests.clear()
    report = fetch(open_catalog(table), to, QUICK)
    assert (host.requests.total(), report.there, report.swept) == (1, 3, 1)
    assert images(to) == good
    assert {name for name in names(to) if not name.startswith("images/")} == LOGS


def test_a_full_disk_ends_the_run_and_blames_no_image(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n))} for n in range(20)])
    free = iter([10**9] * 5 + [0] * 100)
    usage = target_folder.shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(target_folder.shutil, "disk_usage", lambda _: usage._replace(free=next(free)))
        with pytest.raises(FetchError, match="must stay free"):
            fetch(open_catalog(table), tmp_path / "to", FetchSettings(**{**FAST, "min_free": 10**6}, per_host=1))
    report = fetch(open_catalog(table), tmp_path / "to", QUICK)
    assert (report.there, report.fetched, len(report.failures)) == (4, 16, 0)


def test_a_stop_keeps_what_came(host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path) -> None:
    table = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n))} for n in range(50)])
    stop = threading.Event()

    class Impatient:
        def planned(self, files: int, there: int, failed: int) -> None:
            self.left = 10

        def received(self, count: int) -> None:
            pass

        def settled(self, *, good: bool) -> None:
            self.left -= 1
            if self.left == 0:
                stop.set()

    with pytest.raises(FetchError, match="stopped"):
        fetch(open_catalog(table), tmp_path / "to", QUICK, watcher=Impatient(), stop=stop)
    assert not (tmp_path / "to" / "catalog.toml").exists()
    report = fetch(open_catalog(table), tmp_path / "to", QUICK)
    assert 10 <= report.there < 20
    assert report.there + report.fetched == 50


def test_two_runs_into_one_folder_are_refused(host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path) -> None:
    table = rows([{"accessURI": host.put("/1.jpg", draw(1))}])
    with target_folder.locked(tmp_path / "to"), pytest.raises(FetchError, match="another run"):
        fetch(open_catalog(table), tmp_path / "to", QUICK)


def test_servers_are_told_who_asks(host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path) -> None:
    table = rows([{"accessURI": host.put("/1.jpg", draw(1))}])
    fetch(open_catalog(table), tmp_path / "to", FetchSettings(**FAST, contact="me@museum.org"))
    agent = host.headers["/1.jpg"][0]["User-Agent"]
    assert agent.startswith("finercam/")
    assert "me@museum.org" in agent
    with pytest.raises(FetchError, match="contact"):
        FetchSettings(contact="me\r\nX: y")
