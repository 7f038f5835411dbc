"""Many images, 5 % of them faulty in every way, the run killed twice: nothing lost, nothing twice, nothing left."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from finercam_core.catalog import open_catalog

# Reason in the log of each fault, or "" where the image comes in the end.
FAULTS = {
    "busy_twice": "", "retry_after": "", "hang_once": "", "reset_once": "",
    "always_busy": "SERVER_ERROR", "hang": "TIMEOUT", "reset": "CONNECTION", "wrong_length": "WRONG_LENGTH",
    "html_as_jpg": "NOT_AN_IMAGE", "html": "WRONG_TYPE", "forbidden": "REFUSED", "cut": "TRUNCATED",
    "flood_after_promise": "NOT_AN_IMAGE", "flood_in_chunks": "TOO_MANY_BYTES", "flood_announced": "TOO_MANY_BYTES",
    "loop": "REDIRECTS", "file": "NOT_ALLOWED", "checksum": "WRONG_CHECKSUM", "outside": "OUTSIDE_COLLECTION",
    "missing": "NOT_FOUND",
}  # fmt: skip
STRANGE = ["a #{n}.jpg", "with space {n}.jpg", "Γλαύκος 魚 {n}.jpg", "100% {n}.jpg", "{n:x>251}.jpg"]


def collection(
    host: Any, draw: Callable[..., bytes], count: int
) -> tuple[pd.DataFrame, dict[str, bytes], dict[str, str]]:
    """Table of `count` images on a host; contents of the good ones and reasons of the bad ones, by image id."""
    rows, good, bad = [], {}, {}
    for n in range(count):
        name = STRANGE[n // 20 % len(STRANGE)].format(n=n) if n % 20 == 1 else f"{n}.jpg"
        # 5 % are faulty; the slow faults stand among the first, so that the kills hit some of them.
        fault = list(FAULTS)[n // 20 % len(FAULTS)] if n % 20 == 0 else ""
        content = draw(n)
        row = {"image_id": f"i{n}", "scientificName": f"Aus b{'abcdefghij'[n % 10]}us", "path": name, "license": "CC0"}
        row |= {"hashFunction": "MD5", "hashValue": hashlib.md5(content).hexdigest()} if n % 3 == 0 else {}
        if fault == "checksum":
            row |= {"hashFunction": "SHA-256", "hashValue": hashlib.sha256(b"other").hexdigest()}
        elif fault == "outside":
            row["path"] = f"../{name}"
        elif fault in ("loop", "file"):
            place = f"/images/{name}" if fault == "loop" else "file:///etc/passwd"
            host.put(f"/images/{name}", b"", "redirect", location=place)
        if fault in ("html_as_jpg", "cut", "flood_after_promise"):
            row |= {"hashFunction": "", "hashValue": ""}
        if fault not in ("loop", "file", "missing"):
            host.put(f"/images/{name}", content, "" if fault in ("checksum", "outside") else fault)
        if FAULTS.get(fault):
            bad[row["image_id"]] = FAULTS[fault]
        else:
            good[row["image_id"]] = content
        rows.append(row)
    return pd.DataFrame(rows).fillna(""), good, bad


def start(table: Path, to: Path, root: str) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "finercam_flows", "catalog", "fetch", str(table), "--to", str(to), "--root", root,
        "--allow-private", "--attempts", "3", "--timeout", "0.5", "--image-timeout", "10", "--max-mb", "1.5",
        "--min-free-gb", "0",
    ]  # fmt: skip
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ})


def wait_for(lines: int, journal: Path, run: subprocess.Popen[str]) -> None:
    """Wait until so many files are settled."""
    while run.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < lines):
        time.sleep(0.02)
    assert run.poll() is None, run.communicate()[0]


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])])
def test_killed_twice_every_good_image_is_there_once_and_every_bad_one_in_the_log(
    host: Any, draw: Callable[..., bytes], tmp_path: Path, count: int
) -> None:
    table, good, bad = collection(host, draw, count)
    table.to_csv(tmp_path / "table.csv", index=False)
    to, root = tmp_path / "to", f"{host.url}/images"
    begun = time.monotonic()
    for part in (count // 4, count // 2):
        run = start(tmp_path / "table.csv", to, root)
        wait_for(part, to / "journal.jsonl", run)
        run.send_signal(signal.SIGKILL)
        run.communicate()
    settled = (to / "journal.jsonl").read_bytes().count(b"\n")
    last = start(tmp_path / "table.csv", to, root)
    said, _ = last.communicate()
    assert last.returncode == 0, said

    here = open_catalog(to / "catalog.toml")
    assert {row["image_id"]: Path(here.uri(row)).read_bytes() for _, row in here.specimens.iterrows()} == good
    failures = pd.read_parquet(to / "failures.parquet")
    assert failures.set_index("image_id")["reason"].to_dict() == bad
    assert len(failures) == len(bad)
    files = {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}
    logs = {".lock", "catalog.parquet", "catalog.toml", "failures.parquet", "fetched.parquet"}
    assert files == set(here.specimens["path"]) | logs
    assert len(files) == len(good) + len(logs)

    # A good image is asked for once more at most for each kill that hit it on its way: at most 8 at a time.
    plain = [f"/images/{p}" for i, p in zip(table["image_id"], table["path"], strict=True) if int(i[1:]) % 20]
    requests = sum(host.requests[path] for path in plain)
    assert len(plain) <= requests <= len(plain) + 2 * 8
    print(
        f"{count} images, {len(bad)} bad: {time.monotonic() - begun:.1f} s, {host.requests.total()} requests "
        f"({requests} for {len(plain)} faultless images), {len(files)} files, {settled} lines when last killed"
    )

    before = host.requests.total()
    again = start(tmp_path / "table.csv", to, root)
    said, _ = again.communicate()
    assert again.returncode == 0, said
    passing = failures["reason"].isin(["SERVER_ERROR", "TIMEOUT", "CONNECTION", "WRONG_LENGTH"])
    asked = {f"/images/{p}" for p in table.set_index("image_id").loc[failures.loc[passing, "image_id"], "path"]}
    assert host.requests.total() - before == 3 * len(asked)


def test_ctrl_c_stops_in_order(host: Any, draw: Callable[..., bytes], tmp_path: Path) -> None:
    table, good, _ = collection(host, draw, 300)
    table.to_csv(tmp_path / "table.csv", index=False)
    # Under nohup, and in the background of a script, Ctrl-C is ignored, also by children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    run = start(tmp_path / "table.csv", tmp_path / "to", f"{host.url}/images")
    signal.signal(signal.SIGINT, before)
    wait_for(50, tmp_path / "to" / "journal.jsonl", run)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=20)
    assert run.returncode == 130, said
    assert "Run the same command again" in said
    assert "Traceback" not in said
    last = start(tmp_path / "table.csv", tmp_path / "to", f"{host.url}/images")
    said, _ = last.communicate()
    assert last.returncode == 0, said
    assert len(open_catalog(tmp_path / "to" / "catalog.toml").specimens) == len(good)
