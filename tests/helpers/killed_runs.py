"""`python killed_runs.py COMMAND FOLDER KILLS SEED`: run a command, SIGKILL it at random moments, and look each time.

Everything is imported once; each run is a fork of this process, which has no threads. Prints one JSON object.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from annotate_once import annotate_once
from PIL import Image

from finercam_core.catalog import open_catalog
from finercam_core.evaluate import evaluate
from finercam_core.export import export
from finercam_core.fetch import FetchSettings, fetch
from finercam_core.images.preparation import Preparation
from finercam_core.report import report
from finercam_core.review import Comparison, ReviewLog, Verdict, read_verdicts
from finercam_core.review.drafts import Draft, Drafts
from finercam_core.store import verify
from finercam_core.train import FinetuneSettings, train

SPECIES = ("Aus bus", "Aus cus")
SMALL = {"channels": [8, 16, 16, 16], "layers": [1, 1, 0, 0], "stem_width": 8}
DATED = {"zarr.json", "last_run.json", ".writer.lock", ".writer.lease"}
VERDICTS = 120


def prepare(base: Path) -> None:
    """Photographs, their table, and a store of their maps."""
    (base / "images").mkdir(parents=True)
    rows, rng = ["image_id,scientificName,family,path,split"], np.random.default_rng(0)
    for number in range(80):
        small = Image.fromarray(rng.integers(0, 255, (6, 9, 3), np.uint8))
        small.resize((90, 60), Image.Resampling.BICUBIC).save(base / "images" / f"{number}.png")
        split = "test" if number % 4 > 1 else "train"
        rows.append(f"i{number},{SPECIES[number % 2]},Ausidae,{number}.png,{split}")
    (base / "images" / "catalog.csv").write_text("\n".join(rows) + "\n")
    annotate_once(str(base / "images" / "catalog.csv"), str(base / "maps.zarr"))


class Annotate:
    """Resumes; a store is sound after each kill and byte for byte that of an undisturbed run in the end."""

    def run(self, base: Path, out: Path) -> None:
        os.environ["FINERCAM_TEST_SLEEP"] = "0.01"
        annotate_once(str(base / "images" / "catalog.csv"), str(out / "maps.zarr"))

    def check(self, base: Path, out: Path) -> None:
        if (out / "maps.zarr" / "specimens.parquet").exists():
            assert verify(out / "maps.zarr") == []

    def compare(self, out: Path, whole: Path) -> None:
        same_files(out, whole, DATED)


class Train:
    """Resumes; the folder is whole or not there, and its weights are those of an undisturbed run."""

    def run(self, base: Path, out: Path) -> None:
        settings = FinetuneSettings(epochs=4, batch_size=8)
        train(
            open_catalog(base / "images" / "catalog.csv"), out / "classifier", model="resnet10t", mode="finetune",
            pretrained=False, model_args=SMALL, device="cpu", preparation=Preparation(32, 48), settings=settings,
        )  # fmt: skip

    def check(self, base: Path, out: Path) -> None:
        if (out / "classifier").exists():
            said = json.loads((out / "classifier" / "training.json").read_text())["sha256"]
            for name, digest in said.items():
                assert hashlib.sha256((out / "classifier" / name).read_bytes()).hexdigest() == digest

    def compare(self, out: Path, whole: Path) -> None:
        name = "classifier/model.safetensors"
        assert (out / name).read_bytes() == (whole / name).read_bytes()


class Evaluate:
    """Keeps what it measured; tables and figures are whole or not there."""

    def run(self, base: Path, out: Path) -> None:
        evaluate(base / "maps.zarr", out)

    def check(self, base: Path, out: Path) -> None:
        whole_files(out)

    def compare(self, out: Path, whole: Path) -> None:
        names = [path.name for path in whole.glob("*.csv")]
        assert names
        assert all((out / name).read_bytes() == (whole / name).read_bytes() for name in names)


class Report:
    """Every page is whole or not there."""

    def run(self, base: Path, out: Path) -> None:
        report(base / "maps.zarr", out)

    def check(self, base: Path, out: Path) -> None:
        whole_files(out)

    def compare(self, out: Path, whole: Path) -> None:
        pages = {path.relative_to(whole) for path in whole.rglob("*.html")}
        assert len(pages) > 2
        assert pages == {path.relative_to(out) for path in out.rglob("*.html")}


class Export:
    """Masks and tables are whole or not there."""

    def run(self, base: Path, out: Path) -> None:
        for form in ("png", "coco", "csv"):
            export(base / "maps.zarr", out / form, format=form, which="automatic")

    def check(self, base: Path, out: Path) -> None:
        whole_files(out)

    def compare(self, out: Path, whole: Path) -> None:
        same_files(out, whole, {"coco/annotations.json"})


class Fetch:
    """Resumes; a file that has its name has its content, and in the end every one is there once."""

    def run(self, base: Path, out: Path) -> None:
        settings = FetchSettings(allow_private=True, min_free=0)
        fetch(open_catalog(base / "images" / "catalog.csv", root=(base / "host").read_text()), out, settings)

    def check(self, base: Path, out: Path) -> None:
        for path in out.rglob("*.png"):
            if len(path.stem) == 64:
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem

    def compare(self, out: Path, whole: Path) -> None:
        names = {path.relative_to(whole) for path in whole.rglob("*.png")}
        assert len(names) == 80
        assert names == {path.relative_to(out) for path in out.rglob("*.png")}
        assert len(open_catalog(out / "catalog.toml").specimens) == 80


class Review:
    """A verdict that was acknowledged is there, whatever comes after."""

    def run(self, base: Path, out: Path) -> None:
        log, drafts = ReviewLog(out, "Ada"), Drafts(out, "Ada")
        comparison = Comparison(0.6, "mean", "gradcam", ())
        with (out / "acknowledged").open("a", buffering=1) as acknowledged:
            for number in range(VERDICTS):
                drafts.save(Draft(f"i{number}", (), f"note {number}"))
                log.append(Verdict(f"i{number}", "Aus bus", "Ada", "accept", comparison, note="x" * 40))
                acknowledged.write(f"{log.path.name} i{number}\n")

    def check(self, base: Path, out: Path) -> None:
        path = out / "acknowledged"
        said = path.read_text().split("\n")[:-1] if path.exists() else []
        kept = [verdict.image_id for verdict in read_verdicts(out)]
        assert len(kept) >= len(said)
        assert sorted(line.split()[1] for line in said if line.split()[1] not in kept) == []
        for number in range(VERDICTS):
            Drafts(out, "Ada").load(f"i{number}")

    def compare(self, out: Path, whole: Path) -> None:
        assert len(read_verdicts(whole)) == VERDICTS
        self.check(whole, out)


COMMANDS = {"train": Train, "evaluate": Evaluate, "report": Report, "export": Export, "fetch": Fetch,
            "review": Review, "annotate": Annotate}  # fmt: skip


def whole_files(folder: Path) -> None:
    """Every file under its final name can be read to its end."""
    for path in folder.rglob("*"):
        if path.is_dir() or path.name.endswith(".partial") or any(".partial" in part for part in path.parts):
            continue
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".html":
            assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), path
        elif path.suffix == ".png":
            with Image.open(path) as image:
                image.load()
        elif path.suffix == ".csv":
            assert path.read_bytes().endswith(b"\n"), path


def same_files(out: Path, whole: Path, dated: set[str]) -> None:
    """The same names with the same content, but for files that say when they were made."""

    def contents(folder: Path) -> dict[str, bytes]:
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        return {name: path.read_bytes() for name, path in files.items() if not {name, path.name} & dated}

    one, two = contents(out), contents(whole)
    assert one.keys() == two.keys(), one.keys() ^ two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def forked(work: Callable[[], object]) -> int:
    """Start some work in a process of its own; its id."""
    if child := os.fork():
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def ended(child: int, seconds: float) -> bool:
    """Whether a process ends by itself within some seconds; it must end well."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.002)
    return False


def done(work: Callable[[], object]) -> float:
    """Seconds that some work takes in a process of its own; an error if it fails."""
    begun = time.monotonic()
    _, status = os.waitpid(forked(work), 0)
    if status:
        raise SystemExit(f"a run ended with {status}")
    return time.monotonic() - begun


def torture(command: str, base: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill a command again and again, each time at a random moment of its run, and let it end at last."""
    what, rng, out, whole = COMMANDS[command](), random.Random(seed), base / "out", base / "whole"
    out.mkdir()
    whole.mkdir()
    seconds = done(lambda: what.run(base, whole))
    middle = again = 0
    while middle < kills:
        child = forked(lambda: what.run(base, out))
        if ended(child, rng.uniform(0, seconds)):
            again += 1
        else:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            middle += 1
        done(lambda: what.check(base, out))
        if again > 3 * kills:
            break
        if ended_well(out, what, base):
            shutil.rmtree(out)
            out.mkdir()
    done(lambda: what.run(base, out))
    done(lambda: what.compare(out, whole))
    return {"command": command, "kills": middle, "ended before": again, "seconds of a run": round(seconds, 2)}


def ended_well(out: Path, what: object, base: Path) -> bool:
    """Whether nothing is left to do, so that the next run begins anew."""
    finals = {Annotate: "maps.zarr/done", Train: "classifier", Evaluate: "evaluation.json", Report: "index.html",
              Export: "csv/masks.csv", Fetch: "catalog.toml", Review: ""}  # fmt: skip
    name = finals[type(what)]
    return bool(name) and (out / name).exists()


def main(command: str, folder: str, kills: str, seed: str) -> None:
    torch.set_num_threads(1)
    base = Path(folder)
    os.environ["FINERCAM_TEST_SPECIES"] = "|".join(SPECIES)
    done(lambda: prepare(base))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (base / "host").write_text(f"http://127.0.0.1:{port}")
    server = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(base / "images")]
    with subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as host:
        try:
            time.sleep(1.5 if command == "fetch" else 0)
            print(json.dumps(torture(command, base, int(kills), int(seed))), flush=True)
        finally:
            host.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
