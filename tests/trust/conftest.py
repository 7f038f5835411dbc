"""A real `finercam serve` with a server of its own, and a classifier's folder that wants to run something."""

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from finercam_flows.cli import set_prefect_defaults
from serve_process import ServeProcess, annotate_deployment, serve_process

set_prefect_defaults()


@dataclass(frozen=True)
class Served:
    """A running `finercam serve`, the address of its API, and what its deployment `annotate/open` reads."""

    process: ServeProcess
    url: str
    catalog: Path


def hostile_folder(folder: Path, marker: Path) -> Path:
    """A classifier's folder as somebody might offer it for download: loading it makes a file."""
    folder.mkdir()
    (folder / "finercam.json").write_text(
        json.dumps({"factory": "os:system", "kwargs": {"command": f"touch {marker}"}})
    )
    (folder / "classes.csv").write_text("index,scientificName\n0,Aus bus\n1,Aus cus\n")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def served(make_collection, tiny_classifier: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Without an address of a server: it starts one, as for most people."""
    folder = tmp_path_factory.mktemp("served")
    catalog = make_collection(folder / "images", {"Aus bus": 2, "Aus cus": 2})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/api"
    deployment = annotate_deployment("open", catalog, folder / "maps.zarr")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PREFECT_") and "AUTH" in name]:
            patch.delenv(name)
        with serve_process(folder, url, deployment) as process:
            yield Served(process, url, catalog)
