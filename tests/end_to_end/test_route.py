"""The whole route on the command line with a small rendered collection, and what every command says when it fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from finercam_core.synthetic import render_collection

ROOT = Path(__file__).parents[2]


def finercam(*arguments: object, code: int = 0) -> str:
    """Run the command in a process of its own; its output, with every run of white space as one space."""
    environment = {**os.environ, "COLUMNS": "200", "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true"}
    command = [sys.executable, "-m", "finercam_flows", *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    output = finished.stdout + finished.stderr
    assert finished.returncode == code, output
    return " ".join(output.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered collection of 15 species with its manifest."""
    folder = tmp_path_factory.mktemp("route")
    render_collection(folder / "collection", train=6, val=1, test=2)
    (folder / "catalog.toml").write_text((ROOT / "catalogs" / "demo.toml").read_text())
    return folder


@pytest.mark.usefixtures("prefect_home")
def test_from_images_to_masks(folder: Path) -> None:
    """Train, annotate, look, export; a second annotate finds nothing to do."""
    catalog, classifier, store = folder / "catalog.toml", folder / "classifier", folder / "maps.zarr"
    checked = finercam("catalog", "check", catalog)
    assert "135 read: 135 images" in checked
    assert "15, of which 15 can be references" in checked
    trained = finercam(
        "train", catalog, "--model", "test_resnet", "--mode", "probe", "--no-pretrained", "--out", classifier
    )
    assert "n = 30" in trained
    annotate = ("annotate", catalog, "--classifier", classifier, "--store", store, "--references", 4)
    assert "135 specimens computed in this run: 135 done, 0 failed" in finercam(*annotate)
    again = finercam(*annotate)
    assert "0 specimens computed in this run; 135 were there already" in again
    info = finercam("info", store, "--verify")
    assert "Lumichthys planus" in info
    assert "0 damaged chunks" in info
    assert "nothing is accepted" in finercam("export", store, "--to", folder / "masks", code=1)
    assert not (folder / "masks").exists()
    exported = finercam("export", store, "--to", folder / "masks", "--which", "automatic", "--top", 0.05)
    assert "135 unreviewed masks" in exported
    content = json.loads((folder / "masks" / "annotations.json").read_text())
    assert len(content["annotations"]) == 135
    assert content["info"]["provenance"]["classifier"]["model"] == "test_resnet"
    with xr.open_zarr(store / "Lumichthyidae/Lumichthys/Lumichthys_planus", consolidated=False) as ds:
        assert ds["evidence"].dims == ("specimen", "class", "y", "x")
        assert ds.attrs["tiers"][1:3] == ["congener", "congener"]
        assert np.isfinite(ds["evidence"].values).all()
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    other = finercam(*annotate, "--method", "gradcam", "--references", 2)
    assert "holds another run and stays as it is" in " ".join(other.split())
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before
    assert len(list(store.parent.glob(f"{store.stem}.run-*.zarr"))) == 1


def test_errors_are_one_sentence_and_the_traceback_is_behind_debug(tmp_path: Path) -> None:
    output = finercam("catalog", "check", tmp_path / "gone.csv", code=1)
    assert "gone.csv" in output
    assert "Traceback" not in output
    assert "Traceback" in finercam("--debug", "catalog", "check", tmp_path / "gone.csv", code=1)
    assert "there is no store" in finercam("info", tmp_path / "gone.zarr", code=1)


@pytest.mark.parametrize("command", ["demo", "train", "annotate", "info", "review", "export", "catalog check", "serve"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    assert f"Example: finercam {command}" in finercam(*command.split(), "--help")
