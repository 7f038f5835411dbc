"""What hosts do wrong, one by one: the right bytes come in the end, or the log has the reason; nothing else is left."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.errors import FetchError
from finercam_core.fetch import FetchReport, FetchSettings, fetch
from finercam_core.images.decoder import Limits

QUICK = FetchSettings(
    attempts=3, backoff=0.02, longest_backoff=0.1, connect_timeout=2, read_timeout=0.5, total_timeout=3,
    max_bytes=1 << 20, min_free=0, allow_private=True,
)  # fmt: skip
LOGS = {".lock", "catalog.parquet", "catalog.toml", "failures.parquet", "fetched.parquet"}


def run(folder: Path, rows: list[dict[str, str]], settings: FetchSettings = QUICK, **options: Any) -> FetchReport:
    """Fetch rows with an accessURI (a species is added) into folder/to."""
    table = pd.DataFrame([{"image_id": f"i{n}", "scientificName": "Aus bus", **row} for n, row in enumerate(rows)])
    table.to_csv(folder / "table.csv", index=False)
    return fetch(open_catalog(folder / "table.csv"), folder / "to", settings, **options)


def stored(folder: Path) -> dict[str, bytes]:
    """Files below a folder by relative path, without the logs and the catalog."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name not in LOGS}


def place(content: bytes, ending: str = ".jpg") -> str:
    name = hashlib.sha256(content).hexdigest()
    return f"images/{name[:2]}/{name}{ending}"


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        ("", 1),
        ("partial_without_range", 1),
        ("partial_unasked", 2),
        ("busy_twice", 3),
        ("retry_after", 2),
        ("hang_once", 2),
        ("reset_once", 2),
    ],
)
def test_faults_that_pass_leave_the_image_bit_for_bit(
    host: Any, draw: Callable[..., bytes], tmp_path: Path, fault: str, requests: int
) -> None:
    good = draw(1)
    report = run(tmp_path, [{"accessURI": host.put("/1.jpg", good, fault)}])
    assert (report.fetched, len(report.failures)) == (1, 0)
    assert stored(tmp_path / "to") == {place(good): good}
    assert host.requests["/1.jpg"] == requests


@pytest.mark.parametrize(
    ("fault", "reason", "detail", "requests"),
    [
        ("always_busy", "SERVER_ERROR", "503", 3),
        ("hang", "TIMEOUT", "ReadTimeout", 3),
        ("drip", "TIMEOUT", "time for one image", 1),
        ("reset", "CONNECTION", "reset", 3),
        ("wrong_length", "WRONG_LENGTH", "expected", 3),
        ("html_as_jpg", "NOT_AN_IMAGE", "HTML page", 1),
        ("html", "WRONG_TYPE", "text/html", 1),
        ("forbidden", "REFUSED", "403", 1),
        ("cut", "TRUNCATED", "", 1),
        ("flood_after_promise", "NOT_AN_IMAGE", "", 1),
        ("flood_in_chunks", "TOO_MANY_BYTES", "more than 1,048,576 bytes", 1),
        ("flood_announced", "TOO_MANY_BYTES", "314,572,800 bytes are announced", 1),
    ],
)
def test_faults_that_stay_are_logged_and_leave_nothing(
    host: Any, draw: Callable[..., bytes], tmp_path: Path, fault: str, reason: str, detail: str, requests: int
) -> None:
    good = draw(1)
    rows = [{"accessURI": host.put("/good.jpg", good)}, {"accessURI": host.put("/bad.jpg", draw(2), fault)}]
    report = run(tmp_path, rows)
    assert stored(tmp_path / "to") == {place(good): good}
    logged = pd.read_parquet(tmp_path / "to" / "failures.parquet")
    assert logged["image_id"].tolist() == ["i1"]
    assert logged["reason"].tolist() == [reason]
    assert detail in logged["detail"][0]
    assert host.requests["/bad.jpg"] == requests
    assert host.sent["/bad.jpg"] <= 16 << 20
    assert list(report.causes.values()) == [1]
    assert open_catalog(tmp_path / "to" / "catalog.toml").specimens["image_id"].tolist() == ["i0"]


@pytest.mark.parametrize(
    ("location", "reason", "detail"),
    [
        ("/bad.jpg", "REDIRECTS", "more than 8"),
        ("file:///etc/passwd", "NOT_ALLOWED", "file scheme"),
        ("ftp://127.0.0.1/1.jpg", "NOT_ALLOWED", "ftp scheme"),
        ("/gone.jpg", "NOT_FOUND", "404"),
    ],
)
def test_redirects_are_judged_hop_by_hop(
    host: Any, draw: Callable[..., bytes], tmp_path: Path, location: str, reason: str, detail: str
) -> None:
    rows = [{"accessURI": host.put("/good.jpg", draw(1))}]
    rows.append({"accessURI": host.put("/bad.jpg", b"", "redirect", location=location)})
    failures = run(tmp_path, rows).failures
    assert failures["reason"].tolist() == [reason]
    assert detail in failures["detail"][0]


def test_a_redirect_that_ends_is_followed_and_noted(host: Any, draw: Callable[..., bytes], tmp_path: Path) -> None:
    good = draw(1)
    host.put("/new.jpg", good)
    run(tmp_path, [{"accessURI": host.put("/old.jpg", b"", "redirect", location="/new.jpg")}])
    log = pd.read_parquet(tmp_path / "to" / "fetched.parquet")
    assert log["uri"].tolist() == [f"{host.url}/old.jpg"]
    assert log["address"].tolist() == [f"{host.url}/new.jpg"]
    assert stored(tmp_path / "to") == {place(good): good}


@pytest.mark.parametrize("function", ["md5", "MD5", "SHA-1", "sha256", "SHA-256", "Sha_512", ""])
def test_checksums_decide(host: Any, draw: Callable[..., bytes], tmp_path: Path, function: str) -> None:
    good, bad = draw(1), draw(2)
    digest = hashlib.new(function.replace("-", "").replace("_", "").lower() or "md5")
    digest.update(good)
    known = {"hashFunction": function, "hashValue": digest.hexdigest().upper()}
    rows = [{"accessURI": host.put("/good.jpg", good), **known}, {"accessURI": host.put("/bad.jpg", bad), **known}]
    report = run(tmp_path, rows)
    assert stored(tmp_path / "to") == {place(good): good}
    assert report.failures["reason"].tolist() == ["WRONG_CHECKSUM"]
    assert digest.hexdigest() in report.failures["detail"][0]


def test_checksums_that_nobody_can_check_are_counted(host: Any, draw: Callable[..., bytes], tmp_path: Path) -> None:
    report = run(
        tmp_path, [{"accessURI": host.put("/1.jpg", draw(1)), "hashFunction": "md5", "hashValue": "ab12" * 16}]
    )
    assert (report.fetched, report.unchecked) == (1, 1)


@pytest.mark.parametrize(
    "name",
    [
        "INHS #12.jpg",
        "a b.jpg",
        "Γλαύκος ñ 魚.jpg",
        "100%.jpg",
        "%41.jpg",
        "a+b&c=d;e.jpg",
        "x" * 251 + ".jpg",
        "no-ending",
    ],
)
def test_names_of_every_kind_below_a_root(host: Any, draw: Callable[..., bytes], tmp_path: Path, name: str) -> None:
    good = draw(1)
    host.put(f"/collection/{name}", good)
    table = tmp_path / "table.csv"
    pd.DataFrame([{"image_id": "a", "scientificName": "Aus bus", "path": name}]).to_csv(table, index=False)
    report = fetch(open_catalog(table, root=f"{host.url}/collection"), tmp_path / "to", QUICK)
    assert report.failures.empty, report.failures["detail"].tolist()
    assert stored(tmp_path / "to") == {place(good): good}


def test_addresses_with_spaces_and_hashes(host: Any, draw: Callable[..., bytes], tmp_path: Path) -> None:
    names = ["/INHS #1.jpg", "/a b.jpg", "/é.jpg", "/c.jpg"]
    for n, name in enumerate(names):
        host.put(name, draw(n))
    rows = [{"accessURI": host.url + name} for name in [*names[:3], "/c.jpg#canvas"]]
    assert run(tmp_path, rows).failures.empty


def test_paths_that_leave_the_collection_are_never_asked_for(
    host: Any, draw: Callable[..., bytes], tmp_path: Path
) -> None:
    host.put("/collection/good.jpg", draw(1))
    host.put("/secret.jpg", draw(2))
    paths = ["good.jpg", "../secret.jpg", "/etc/passwd", "file:///etc/passwd", "a/../../secret.jpg"]
    rows = [{"image_id": p, "scientificName": "Aus bus", "path": p} for p in paths]
    pd.DataFrame(rows).to_csv(tmp_path / "table.csv", index=False)
    report = fetch(open_catalog(tmp_path / "table.csv", root=f"{host.url}/collection"), tmp_path / "to", QUICK)
    assert report.failures["image_id"].tolist() == paths[1:]
    assert set(report.failures["reason"]) == {"OUTSIDE_COLLECTION"}
    assert set(host.requests) == {"/collection/good.jpg"}


def test_private_addresses_are_asked_only_if_allowed(host: Any, draw: Callable[..., bytes], tmp_path: Path) -> None:
    rows = [{"accessURI": host.put("/1.jpg", draw(1))}, {"accessURI": "http://localhost:1/1.jpg"}]
    rows += [{"accessURI": f"http://{a}/1.jpg"} for a in ("10.0.0.1", "169.254.169.254", "2130706433")]
    with pytest.raises(FetchError, match="not one image"):
        run(tmp_path, rows, FetchSettings(min_free=0))
    failures = pd.read_parquet(tmp_path / "to" / "failures.parquet")
    assert failures["reason"].tolist() == ["NOT_ALLOWED"] * len(rows)
    assert "--allow-private" in failures["detail"][0]
    assert not host.requests


def test_pictures_beyond_the_limit_are_refused_from_their_header(
    host: Any, draw: Callable[..., bytes], tmp_path: Path
) -> None:
    large, small = draw(1, (300, 200), "PNG"), draw(2, (4, 4), "PNG")
    rows = [{"accessURI": host.put("/1.png", large)}, {"accessURI": host.put("/2.png", small)}]
    rows.append({"accessURI": host.put("/3.png", draw(3, kind="PNG"))})
    settings = FetchSettings(**{**QUICK.__dict__, "limits": Limits(max_pixels=50_000)})
    failures = run(tmp_path, rows, settings).failures.set_index("image_id")
    assert failures["reason"].to_dict() == {"i0": "TOO_LARGE", "i1": "TOO_SMALL"}
    assert "300x200" in failures["detail"]["i0"]


def test_what_was_refused_can_be_kept(host: Any, draw: Callable[..., bytes], tmp_path: Path) -> None:
    settings = FetchSettings(**{**QUICK.__dict__, "keep_bad": True})
    rows = [{"accessURI": host.put("/1.jpg", draw(1))}, {"accessURI": host.put("/2.jpg", b"", "html_as_jpg")}]
    kept = run(tmp_path, rows, settings).failures["kept"][0]
    assert b"Log in" in (tmp_path / "to" / kept).read_bytes()
