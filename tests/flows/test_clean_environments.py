"""In environments that hold the base package, or one extra beside it, every command works or names what it wants."""

import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from beetles import SPECIES, draw_beetle
from clean_environment import clean_environment, run_in
from planned_store import SETTINGS, fill, plan_at

from finercam_core.extras import install_hint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # a dozen commands, each with a limit of its own
COUNTS = {"Aus bus": 3, "Aus cus": 2}
WORKS = [
    "doctor", "catalog check photos", "catalog split photos --out splits.csv", "info maps.zarr",
    "evaluate maps.zarr --out evaluation --split all", "report maps.zarr --out atlas --split all",
    "export maps.zarr --to masks --which automatic", "serve --init",
]  # fmt: skip
WANTS = {
    "train photos --out other": "backbone",
    "annotate photos --classifier folder --store new.zarr": "explain",
    "start photos": "backbone",
    "demo": "explain",
    "classifier pull a/b pulled": "explain",
    "review maps.zarr": "viewer",
    "serve": "flows",
    "catalog check photos --near-identical": "near-identical",
    "export maps.zarr --to geo --which automatic --format geojson": "export",
    "catalog check table.xlsx": "tables",
}
GIVES = {
    "explain": ["train photos --model test_resnet --no-pretrained --out classifier --device cpu",
                "annotate photos --classifier classifier --store new.zarr --device cpu"],
    "backbone": ["start photos --out made --size 64 --no-browser --device cpu"],
    "flows": ["serve --init"],
    "web": ["doctor"],
    "cluster": ["serve --init"],
    "near-identical": ["catalog check photos --near-identical"],
    "export": ["export maps.zarr --to geo --which automatic --format geojson"],
    "viewer": ["doctor"],
    "s3": ["doctor"],
    "clip": ["doctor"],
    "baselines": ["doctor"],
    "croissant": ["doctor"],
    "tables": ["doctor"],
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Photographs in folders of species, a store, and a file that only looks like a spreadsheet."""
    for name in SPECIES[:2]:
        (tmp_path / "photos" / name.replace(" ", "_")).mkdir(parents=True)
        for i in range(6):
            picture = draw_beetle(name, i)[0].resize((90, 120))
            picture.save(tmp_path / "photos" / name.replace(" ", "_") / f"{i}.jpg")
    known = {**SETTINGS["classifier"], "target_layer": "features", "weights_sha256": "0" * 64}
    settings = {**SETTINGS, "classifier": known, "kind": "evidence", "versions": {"finercam": "0.1.0"}}
    fill(plan_at(f"{tmp_path}/maps.zarr", tmp_path / "images", COUNTS, settings=settings).location)
    for path in (tmp_path / "images").glob("*.jpg"):
        draw_beetle(SPECIES[0], 0)[0].resize((60, 80)).save(path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "model.safetensors").write_bytes(b"")
    (tmp_path / "table.xlsx").write_bytes(b"PK\x03\x04")
    return tmp_path


def test_the_base_package(place: Path) -> None:
    python = clean_environment(place / "environment")
    for words in WORKS:
        done = run_in(python, words.split(), place)
        assert done.returncode == 0, (words, done.stderr)
    for words, extra in WANTS.items():
        if words == "serve":
            assert (place / "prefect.yaml").is_file()
        done = run_in(python, words.split(), place)
        assert done.returncode == 1, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, (words, done.stderr)
        assert f"finercam[{extra}]" in done.stderr, (words, done.stderr)


@pytest.mark.parametrize("extra", GIVES)
def test_an_extra_alone_gives_what_it_says(extra: str, place: Path) -> None:
    try:
        python = clean_environment(place / "environment", extra)
    except PackageNotFoundError as missing:
        pytest.skip(f"{missing.name} of the extra {extra} is not installed here: {install_hint(extra)}")
    for words in [*GIVES[extra], *([] if extra in ("flows", "cluster") else ["serve --init"])]:
        done = run_in(python, words.split(), place)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    if extra == "flows":  # the flow of a deployment computes maps
        done = run_in(python, ["serve", "--check"], place)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert "finercam[explain]" in done.stderr
    for words, wanted in WANTS.items():
        if wanted in (extra, "explain") or (extra, wanted) == ("backbone", "explain"):
            continue
        done = run_in(python, words.split(), place)
        assert done.returncode in (0, 1)
        assert "Traceback" not in done.stderr, (words, done.stderr)
        if done.returncode:
            assert f"finercam[{wanted}]" in done.stderr, (words, done.stderr)
    shutil.rmtree(place / "environment")
