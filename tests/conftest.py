"""A tiny collection, a tiny classifier and a real S3 server that every test may use."""

import csv
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from failing_s3 import Faults, failing_s3
from hypothesis import settings
from PIL import Image, ImageDraw
from s3_host import s3_host

# A busy machine is no fault. In CI the same examples are tried each time; elsewhere new ones are searched for.
settings.register_profile("finercam", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("finercam")

SPECIES = ("Aus bus", "Aus cus", "Aus dus", "Eus fus")
TINY = '''
"""A classifier for tests: two convolutions, global average pooling, a linear head; weights from a seed."""

import os
import time

import torch
from torch import nn

from finercam_core.explain import Classifier
from finercam_core.images.preparation import Preparation

if os.environ.get("FINERCAM_TEST_ONEDNN") == "off":
    torch.backends.mkldnn.enabled = False  # as in the tests' own process, whose results are compared


class Slow(nn.Module):
    """Waits as long as the environment says, so that a test can kill a run in the middle."""

    def forward(self, x):
        time.sleep(float(os.environ.get("FINERCAM_TEST_SLEEP", "0")))
        return x


def tiny(species=("Aus bus", "Aus cus", "Aus dus", "Eus fus")):
    generator = torch.Generator().manual_seed(7)
    features = nn.Sequential(
        Slow(), nn.Conv2d(3, 8, 5, stride=4, padding=2), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU()
    )
    model = nn.Sequential()
    model.add_module("features", features)
    model.add_module("pool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    model.add_module("head", nn.Linear(16, len(species)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    preparation = Preparation(32, 48, mode="pad")
    return Classifier(model.eval(), list(species), target_layer="features", preparation=preparation, name="tiny")
'''


def draw_specimen(path: Path, seed: int, size: tuple[int, int] = (96, 64)) -> None:
    """A coloured ellipse with a spot on a light ground."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", size, tuple(int(v) for v in rng.integers(200, 255, 3)))
    pen = ImageDraw.Draw(picture)
    x, y = (int(v) for v in rng.integers(8, 20, 2))
    pen.ellipse((x, y, size[0] - x, size[1] - y), fill=tuple(int(v) for v in rng.integers(20, 160, 3)))
    pen.ellipse((x + 40, y + 10, x + 52, y + 20), fill=(10, 10, 10))
    picture.save(path)


def pytest_configure() -> None:
    """Without oneDNN, torch computes as it does on processors that oneDNN has no code for."""
    if os.environ.get("FINERCAM_TEST_ONEDNN") == "off":
        import torch

        torch.backends.mkldnn.enabled = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under several workers one of them tests all windows: there is one screen, and one window has its keyboard.

    Tests with a window that lasts for a module come after those with napari's own fixture, which makes napari forget
    that its plugins are registered.
    """
    for item in items:
        if item.get_closest_marker("gui") or {"window", "make_napari_viewer"} & _fixtures(item):
            item.add_marker(pytest.mark.xdist_group("screen"))
    items.sort(key=lambda item: "window" in _fixtures(item))


def _fixtures(item: pytest.Item) -> set[str]:
    """Names of all fixtures that a test uses."""
    return set(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def make_collection():
    """Function that writes a collection of specimens into a folder and returns its table's path."""

    def make(folder: Path, counts: dict[str, int]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for species, count in counts.items():
            for i in range(count):
                name = f"{species.replace(' ', '_')}-{i:03d}.png"
                if not (folder / name).exists():
                    draw_specimen(folder / name, seed=sum(species.encode()) * 1000 + i)
                rows.append({"image_id": name[:-4], "scientificName": species, "family": "Ausidae", "path": name})
        with (folder / "catalog.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return folder / "catalog.csv"

    return make


@pytest.fixture(scope="session")
def tiny_classifier(tmp_path_factory: pytest.TempPathFactory) -> str:
    """`module:function` of the tiny classifier, importable here and in the processes that tests start."""
    folder = tmp_path_factory.mktemp("factory")
    (folder / "finercam_tiny.py").write_text(TINY)
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return "finercam_tiny:tiny"


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the server."""
    with s3_host(tmp_path_factory.mktemp("s3") / "server.log") as url:
        yield url


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh bucket, reached as users reach theirs: by environment variables and ``s3://``."""
    variables = {"AWS_ENDPOINT_URL": s3_server, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in {**variables, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    name = f"finercam-{uuid.uuid4().hex}"
    fsspec.filesystem("s3", use_listings_cache=False).mkdir(name)
    yield f"s3://{name}"
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    assert os.environ["AWS_ENDPOINT_URL"] == s3_server


@pytest.fixture
def faults() -> Faults:
    """What `failing` does wrong; a test may change it."""
    return Faults()


@pytest.fixture
def failing(bucket: str, s3_server: str, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same bucket through a proxy that fails, and counts."""
    with failing_s3(s3_server, faults) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        yield bucket
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
