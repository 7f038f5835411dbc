"""The flow `annotate` on a real Prefect server: complete, resumable, and untroubled by bad specimens."""

import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from finercam_flows.annotate import annotate
from finercam_flows.progress import watch
from PIL import Image

from finercam_core.errors import StoreError
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.status import Status
from finercam_core.store import CHUNK, exclusive, open_store, summarise

COUNTS = {"Aus bus": 2 * CHUNK + 5, "Aus cus": 10, "Eus fus": 3}
Make = Callable[[Path, dict[str, int]], Path]


class Recorder:
    def __init__(self) -> None:
        self.plans: list[int] = []
        self.chunks: list[tuple[int, int]] = []

    def planned(self, specimens: int) -> None:
        self.plans.append(specimens)

    def written(self, done: int, failed: int) -> None:
        self.chunks.append((done, failed))

    def stepped(self, step: int, total: int, note: str) -> None:
        raise AssertionError("nothing is trained here")


def contents(store: Path) -> dict[str, np.ndarray]:
    root, groups = zarr.open_group(store, mode="r"), open_store(store).groups.values()
    return {f"{g}/{n}": np.asarray(root[f"{g}/{n}"][:]) for g in groups for n in ("evidence", "logit", "state")}


def test_a_whole_collection(prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path) -> None:
    catalog, recorder = make_collection(tmp_path / "images", COUNTS), Recorder()
    with watch(recorder):
        found = annotate(str(catalog), tiny_classifier, str(tmp_path / "maps.zarr"), references=2, shard_size=70)
    total = sum(COUNTS.values())
    assert found.computed == ShardReport(done=total, failed=0)
    assert recorder.plans == [total]
    assert sum(done for done, _ in recorder.chunks) == total
    store = open_store(tmp_path / "maps.zarr")
    record = store.record("Aus_bus-000")
    assert (record.status, record.classes[0], record.tiers[:2]) == (Status.DONE, "Aus bus", ("target", "congener"))
    # Closed form of global average pooling with a linear head: the mean of the evidence and the bias are the logit.
    import finercam_tiny  # type: ignore[import-not-found]

    bias = finercam_tiny.tiny().model.head.bias.detach().numpy()
    names = list(store.provenance.classifier.species)
    expected = record.evidence.mean(axis=(1, 2)) + bias[[names.index(name) for name in record.classes]]
    np.testing.assert_allclose(record.logit, expected, atol=5e-3)


def test_a_second_run_computes_only_what_is_new(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    store = str(tmp_path / "maps.zarr")
    catalog = str(make_collection(tmp_path / "images", {"Aus bus": 5, "Aus cus": 2}))
    annotate(catalog, tiny_classifier, store)
    assert annotate(catalog, tiny_classifier, store).computed == ShardReport(done=0, failed=0)
    make_collection(tmp_path / "images", {"Aus bus": 6, "Aus cus": 2, "Eus fus": 4})
    assert annotate(catalog, tiny_classifier, store).computed == ShardReport(done=5, failed=0)


ODD = {"grey": "png", "cmyk": "jpg", "deep": "png", "turned": "jpg"}


def odd_images(folder: Path) -> None:
    """Images that are unusual and fine: greyscale, CMYK, 16 bits, turned by its EXIF orientation."""
    plain = Image.open(folder / "Aus_bus-000.png").convert("RGB")
    plain.convert("L").save(folder / "grey.png")
    plain.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(np.asarray(plain.convert("L")).astype(np.uint16) * 257).save(folder / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    plain.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", exif=exif, quality=95)


def huge_png(path: Path, side: int = 20_000) -> None:
    """A valid PNG of side x side black pixels in some kilobytes: one bit a pixel, every row the same."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\0" * (side // 8)) * side, 9)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def bad_collection(folder: Path, make_collection: Make) -> Path:
    """Two good specimens and one of every kind of trouble."""
    path = make_collection(folder, {"Aus bus": 2})
    whole = (folder / "Aus_bus-000.png").read_bytes()
    Image.new("RGB", (400, 300), "red").save(folder / "whole.jpg")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:1500])
    (folder / "text.jpg").write_text("not a photograph")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    huge_png(folder / "huge.png")
    odd_images(folder)
    (folder.parent / "outside.png").write_bytes(whole)
    rows = [
        ("gone", "gone.png", "Aus bus"),
        ("cut", "cut.jpg", "Aus bus"),
        ("text", "text.jpg", "Aus cus"),
        ("dot", "dot.png", "Aus cus"),
        ("huge", "huge.png", "Aus cus"),
        *((name, f"{name}.{ending}", "Aus dus") for name, ending in ODD.items()),
        ("outside", "../outside.png", "Aus cus"),
        ("stranger", "Aus_bus-001.png", "Zus zus"),
        ("Aus_bus-000", "Aus_bus-001.png", "Aus bus"),
    ]
    extra = pd.DataFrame([{"image_id": i, "scientificName": n, "family": "Ausidae", "path": p} for i, p, n in rows])
    pd.concat([pd.read_csv(path), extra]).to_csv(path, index=False)
    return path


def test_bad_specimens_are_recorded_and_the_rest_is_done(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog = bad_collection(tmp_path / "images", make_collection)
    found = annotate(str(catalog), tiny_classifier, str(tmp_path / "maps.zarr"))
    totals = found.summary.totals
    assert (totals["done"], totals["failed"], totals["rejected"]) == (2 + len(ODD), 7, 1)
    store = open_store(tmp_path / "maps.zarr")
    assert all(np.isfinite(store.record(name).evidence).all() for name in ODD)
    summary = summarise(store)
    assert all("\n" not in detail for detail in summary.failures["detail"])
    assert dict(zip(summary.failures["image_id"], summary.failures["status"], strict=True)) == {
        "gone": "MISSING",
        "cut": "TRUNCATED",
        "text": "NOT_AN_IMAGE",
        "dot": "TOO_SMALL",
        "huge": "TOO_LARGE",
        "outside": "OUTSIDE_COLLECTION",
        "stranger": "UNKNOWN_SPECIES",
    }
    assert summary.rejected["image_id"].tolist() == ["Aus_bus-000"]


def start(catalog: Path, classifier: str, store: Path, sleep: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "finercam_flows", "annotate", str(catalog), "--classifier", classifier]
    options = ["--store", str(store), "--batch-size", "16", "--references", "2"]
    return subprocess.Popen([*command, *options], env={**os.environ, "FINERCAM_TEST_SLEEP": str(sleep)})


def done_specimens(store: Path) -> int:
    try:
        return summarise(open_store(store)).totals["done"]
    except (StoreError, FileNotFoundError, KeyError):
        return 0


def test_killed_in_the_middle_it_goes_on_and_ends_the_same(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog = make_collection(tmp_path / "images", COUNTS)
    annotate(str(catalog), tiny_classifier, str(tmp_path / "whole.zarr"), references=2, batch_size=16)
    store = tmp_path / "killed.zarr"
    with start(catalog, tiny_classifier, store, sleep=0.5) as run:
        until = time.monotonic() + 120
        while done_specimens(store) < CHUNK and time.monotonic() < until and run.poll() is None:
            time.sleep(0.1)
        run.send_signal(signal.SIGKILL)
    before = done_specimens(store)
    assert CHUNK <= before < sum(COUNTS.values())
    found = annotate(str(catalog), tiny_classifier, str(store), references=2, batch_size=16)
    assert found.computed.done == sum(COUNTS.values()) - before
    assert not list(store.rglob("*.partial"))
    one, two = contents(tmp_path / "whole.zarr"), contents(store)
    assert one.keys() == two.keys()
    for name, values in one.items():
        if name.endswith("state"):
            np.testing.assert_array_equal(values, two[name])
        else:  # another batch size can change the last bit of a sum
            np.testing.assert_allclose(values.astype(float), two[name].astype(float), rtol=2e-3, atol=1e-5)


def test_two_runs_on_one_store_are_refused(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog = make_collection(tmp_path / "images", {"Aus bus": 1, "Aus cus": 1})
    with exclusive(tmp_path / "maps.zarr"), pytest.raises(StoreError, match="another run is writing"):
        annotate(str(catalog), tiny_classifier, str(tmp_path / "maps.zarr"))
