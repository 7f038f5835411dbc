"""The route is checked once more on a real image: where it fails there, it is the tail, and that is said."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from finercam_core.catalog import open_catalog
from finercam_core.explain import Classifier, explain
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.routes import proof
from finercam_core.explain.routes.tail import Tail
from finercam_core.images.preparation import Preparation

SPECIES = ("Aus bus", "Aus cus", "Eus fus")
CLOSED = "closed form: global average pooling, linear head"
Make = Callable[[Path, dict[str, int]], Path]


class Gate(nn.Module):
    """Linear for all but dark images, whose cells it squares: no random image is dark."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 4, stride=4)
        self.head = nn.Linear(6, len(SPECIES))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        cells = self.conv(images)
        dark = (images.flatten(1).amax(1) < 0)[:, None, None, None]
        scores: torch.Tensor = self.head(torch.where(dark, cells**2, cells).mean(dim=(2, 3)))
        return scores


def classifier(seed: int = 0) -> Classifier:
    torch.manual_seed(seed)
    return Classifier(Gate().eval(), SPECIES, "conv", Preparation(16, 32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)))


def test_a_usual_image_keeps_the_route(make_collection: Make, tmp_path: Path) -> None:
    found = classifier()
    catalog = open_catalog(make_collection(tmp_path / "images", {"Aus bus": 2, "Aus cus": 2}))
    store = plan_store(tmp_path / "maps.zarr", catalog, found)
    assert store.provenance.classifier.route == CLOSED
    assert store.provenance.route_check["image_id"] in set(catalog.specimens["image_id"])
    assert 0 <= float(str(store.provenance.route_check["error"])) < 1e-3


def test_a_route_that_fails_on_the_first_image_is_the_tail_and_workers_take_it(
    make_collection: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = make_collection(tmp_path / "images", {"Aus bus": 2, "Aus cus": 2})
    catalog = open_catalog(table)
    place = tmp_path / "images" / str(catalog.specimens["path"].iloc[0])
    Image.fromarray(np.full((16, 32, 3), 20, np.uint8)).save(place)
    found, other = classifier(), classifier()
    with caplog.at_level(logging.WARNING):
        store = plan_store(tmp_path / "maps.zarr", catalog, found)
    assert f"{CLOSED} is" in caplog.text
    assert store.provenance.classifier.route == Tail.name
    assert float(str(store.provenance.route_check["error"])) > 1e-3
    other.take_routes(store.provenance.classifier.route)
    dark = -torch.rand(1, 3, 16, 32)
    assert other.route.name == found.route.name == Tail.name
    truth = Tail(other.model, other.layer, torch.randn(2, 3, 16, 32)).weights(dark, torch.tensor([[0, 1]]))
    maps = truth.activation[0, 0].numel() * torch.einsum("nrc,nchw->nrhw", truth.alpha, truth.activation)
    torch.testing.assert_close(explain(other, dark, [[0, 1]]).evidence, maps)


def test_the_figure_makes_no_other_run(make_collection: Make, tmp_path: Path) -> None:
    """It differs in its last digits from machine to machine."""
    catalog = open_catalog(make_collection(tmp_path / "images", {"Aus bus": 2, "Aus cus": 2}))
    first = plan_store(tmp_path / "a.zarr", catalog, classifier())
    (tmp_path / "images" / str(catalog.specimens["path"].iloc[0])).write_text("no image")
    second = plan_store(tmp_path / "b.zarr", catalog, classifier())
    assert first.provenance.route_check["image_id"] != second.provenance.route_check["image_id"]
    assert first.provenance.run == second.provenance.run


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "memory ran out for a copy of the model in double precision"),
        (RuntimeError("[enforce fail] not enough memory: you tried to allocate 9 bytes"), "memory ran out"),
        (TypeError("it holds a socket"), r"does not run as a copy in double precision \(TypeError\)"),
    ],
)
def test_a_proof_without_double_precision_is_said(
    make_collection: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    error: Exception, said: str,
) -> None:  # fmt: skip
    def fail(_model: object, _memo: object = None) -> None:
        raise error

    found = classifier()
    monkeypatch.setattr(proof.copy, "deepcopy", fail)
    with caplog.at_level(logging.WARNING):
        assert found.route.name == CLOSED
    monkeypatch.undo()
    assert re.search(said, caplog.text)
    catalog = open_catalog(make_collection(tmp_path / "images", {"Aus bus": 2}))
    told = plan_store(tmp_path / "maps.zarr", catalog, found, references=2).provenance.route_check
    assert re.search(said, str(told["not_in_double"]))
    usual = plan_store(tmp_path / "usual.zarr", catalog, classifier(), references=2).provenance
    assert "not_in_double" not in usual.route_check
