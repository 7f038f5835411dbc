"""With the base package alone, and with one extra at a time, a command works or names the extra that it wants."""

import json
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from finercam_flows.options import COMMANDS
from PIL import Image
from planned_store import SETTINGS, fill, plan_at
from without_packages import run_without

from finercam_core.extras import EXTRAS, extra_of

Make = Callable[[Path, dict[str, int]], Path]
COUNTS = {"Aus bus": 3, "Aus cus": 2}


def without(*extras: str) -> set[str]:
    """Modules that are missing where these extras alone are installed."""
    return {module for extra, modules in EXTRAS.items() if extra not in extras for module in modules}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, make_collection: Make) -> Path:
    """A folder with a table of photographs and a store of maps that needed no classifier."""
    folder = tmp_path_factory.mktemp("parts")
    make_collection(folder / "photos", COUNTS)
    known = {**SETTINGS["classifier"], "target_layer": "features", "weights_sha256": "0" * 64}
    settings = {**SETTINGS, "classifier": known, "kind": "evidence", "versions": {"finercam": "0.1.0"}}
    fill(plan_at(f"{folder}/maps.zarr", folder / "photos", COUNTS, settings=settings).location)
    for path in (folder / "photos").glob("*.png"):
        Image.open(path).convert("RGB").save(path.with_suffix(".jpg"))
    (folder / "classifier").mkdir()
    (folder / "classifier" / "model.safetensors").write_bytes(b"")
    (folder / "table.xlsx").write_bytes(b"PK\x03\x04")
    (folder / "croissant.json").write_text(
        '{"@context": {"cr": "http://mlcommons.org/croissant/"}, "@type": "Dataset"}'
    )
    (folder / "verdicts.json").write_text("{}")
    (folder / "classes.csv").write_text("scientificName\nAus bus\nAus cus\n")
    return folder


WORKS = [
    "--help", "--version", "doctor", "catalog check photos/catalog.csv", "catalog split photos/catalog.csv --out s.csv",
    "info maps.zarr", "info maps.zarr --verify", "evaluate maps.zarr --out evaluation", "report maps.zarr --out atlas",
    "export maps.zarr --to coco --which automatic", "export maps.zarr --to png --which automatic --format png",
    "repair maps.zarr", "export maps.zarr --to csv --which automatic --format csv", "serve --init --config {n}.yaml",
    "compare maps.zarr maps.zarr", "review assign maps.zarr --reviewers a,b",
]  # fmt: skip
SAYS = {
    "review table maps.zarr --to table": "there is no verdict in maps.zarr",
    "review import verdicts.json maps.zarr": "1 line not taken",
}
WANTS = {
    "train photos/catalog.csv --model test_resnet --no-pretrained --out new": "explain",
    "annotate photos/catalog.csv --classifier classifier --store new.zarr": "explain",
    "demo --out demo": "explain",
    "start photos/catalog.csv": "backbone",
    "ask maps.zarr 'Aus bus' 'Aus cus' --classifier classifier": "explain",
    "classifier adopt classifier/model.safetensors --model resnet18 --classes classes.csv --out adopted": "explain",
    "classifier push classifier a/b": "explain",
    "catalog check table.xlsx": "tables",
    "catalog check croissant.json": "croissant",
    "catalog check photos/catalog.csv --near-identical": "near-identical",
    "info s3://bucket/maps.zarr": "s3",
    "evaluate maps.zarr --out e --classifier classifier": "explain",
    "classifier pull a/b pulled": "explain",
    "review maps.zarr": "viewer",
    "serve --config 0.yaml": "flows",
    "export maps.zarr --to geo --which automatic --format geojson": "export",
}


@pytest.mark.parametrize("words", WORKS)
def test_the_base_package_looks_measures_writes_pages_and_masks(words: str, place: Path) -> None:
    said = run_without(without(), words.format(n=0).split(), cwd=place)
    assert said.returncode == 0, said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("words", WANTS)
def test_what_needs_more_names_the_extra_in_one_sentence(words: str, place: Path) -> None:
    (place / "0.yaml").touch()
    said = run_without(without(), shlex.split(words), cwd=place)
    assert said.returncode == 1, said.stdout + said.stderr
    assert "Traceback" not in said.stderr
    assert f'pip install "finercam[{WANTS[words]}]"' in said.stderr
    assert len(said.stderr.strip().splitlines()) == 2


def test_the_list_is_of_every_command() -> None:
    tried = {name for name in COMMANDS for words in (*WORKS, *SAYS, *WANTS) if words.startswith(name)}
    servers = {"catalog fetch": "core/fetch", "metrics": "flows/test_metrics.py"}
    assert set(COMMANDS) - tried == set(servers), "what talks to servers is tested there"


@pytest.mark.parametrize("words", SAYS)
def test_what_cannot_be_done_is_said_in_one_sentence(words: str, place: Path) -> None:
    said = run_without(without(), words.split(), cwd=place)
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    assert SAYS[words] in said.stderr


def test_with_torch_alone_a_classifier_is_trained_and_maps_are_computed(place: Path) -> None:
    def run(words: str) -> str:
        said = run_without(without("explain"), words.split(), cwd=place)
        assert said.returncode == 0, said.stderr
        return said.stdout

    run("train photos/catalog.csv --model test_resnet --no-pretrained --out probe --device cpu")
    said = run("annotate photos/catalog.csv --classifier probe --store probe.zarr --device cpu")
    assert "5 specimens computed in this run: 5 done, 0 failed" in said
    assert json.loads(run("info probe.zarr --json"))["last_run"]["finished"]


def test_every_extra_of_the_distribution_is_known_by_its_modules() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert set(EXTRAS) == set(project["optional-dependencies"]) - {"all", "docs", "release", "test"}
    assert (extra_of("torch.nn"), extra_of("prefect"), extra_of("numpy")) == ("explain", "flows", "")


def test_the_doctor_says_what_is_missing_and_what_is_wrong(place: Path) -> None:
    said = run_without(without(), ["doctor"], cwd=place)
    text = " ".join(said.stdout.split())
    assert 'without torch: install it with: pip install "finercam[explain]"' in text
    assert "! nothing can be trained or annotated without torch" in text
    found = json.loads(run_without(without("explain", "backbone"), ["doctor", "--json"], cwd=place).stdout)
    assert not found["lacking"]["explain"]
    assert found["lacking"]["viewer"]
    assert not any("torch" in problem for problem in found["problems"])
