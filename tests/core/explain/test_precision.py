"""Precision is a choice of the run: settled on the first images, part of the run, the same in every worker."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from backbones import build
from finercam_flows.options.annotate import AnnotateOptions
from pydantic import ValidationError
from torch import nn

from finercam_core.catalog import open_catalog
from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier
from finercam_core.explain.engine import precision
from finercam_core.explain.engine.batch_size import fastest_size, images_per_pass
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.precision import LIMIT, AskedExecution, half_precision_error, settled
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.explain.model.execution import Execution, execution_of
from finercam_core.images.preparation import Preparation
from finercam_core.store import open_store, pending_chunks, summarise

SPECIES = ("Aus bus", "Aus cus", "Eus fus")
GPU = AskedExecution(device="cuda")
Make = Callable[[Path, dict[str, int]], Path]


class Small(nn.Module):
    """A convolution, a mean and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 4, stride=4)
        self.head = nn.Linear(6, len(SPECIES))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.head(self.conv(images).relu().mean(dim=(2, 3)))
        return scores


def classifier() -> Classifier:
    torch.manual_seed(0)
    return Classifier(Small().eval(), SPECIES, "conv", Preparation(16, 32))


def images(count: int = 2) -> list[torch.Tensor]:
    return list(torch.randn(count, 3, 16, 32, generator=torch.Generator().manual_seed(1)))


def test_on_a_cpu_auto_is_float32_without_a_look() -> None:
    found = settled(AskedExecution(device="cpu"), classifier(), [])
    assert (found.execution, found.error) == (Execution(), None)
    asked = AskedExecution("float16", channels_last=True, device="cpu")
    assert settled(asked, classifier(), []).execution == Execution("float16", channels_last=True)


def test_on_a_gpu_auto_takes_bfloat16_where_the_first_images_allow_it() -> None:
    """What half precision does to evidence is seen on the CPU, where the plan is made."""
    model = classifier()
    found = settled(GPU, model, images())
    assert found.error is not None
    assert 0 < found.error <= LIMIT
    assert found.execution == Execution("bfloat16")
    assert model.execution == Execution(), "looking changes nothing"


def test_auto_says_why_it_stays_in_float32(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(precision, "LIMIT", 1e-9)
    with caplog.at_level(logging.WARNING):
        found = settled(GPU, classifier(), images())
        assert settled(GPU, classifier(), []).execution.precision == "float32"
    assert found.execution.precision == "float32"
    assert "float32 is taken: evidence in bfloat16 is" in caplog.text
    assert "no image could be read" in caplog.text


@pytest.mark.parametrize("name", ["resnet10t", "vit_tiny_patch16_224"])
def test_the_error_is_that_of_the_evidence(name: str) -> None:
    found = build(name)
    size = (2, 3, found.preparation.height, found.preparation.width)
    batch = torch.randn(size, generator=torch.Generator().manual_seed(3))
    rough, fine = half_precision_error(found, batch), half_precision_error(found, batch, "float16")
    assert 0 < fine < rough < 0.1


def test_a_store_never_mixes_precisions(make_collection: Make, tmp_path: Path) -> None:
    """The worker takes what stands in the store; another precision is a run beside."""
    catalog = open_catalog(make_collection(tmp_path / "images", {"Aus bus": 2, "Aus cus": 2}))
    stores = [
        plan_store(tmp_path / "maps.zarr", catalog, classifier(), execution=AskedExecution(asked, device="cpu"))
        for asked in ("auto", "bfloat16", "float32")
    ]
    assert stores[0].location == stores[2].location != stores[1].location
    assert stores[1].provenance.classifier.execution["precision"] == "bfloat16"
    worker = classifier()
    report = annotate_chunks(stores[1].location, list(pending_chunks(stores[1].location)), worker, batch_size="auto")
    assert (report.done, report.failed) == (4, 0)
    assert worker.execution == Execution("bfloat16")
    assert summarise(open_store(stores[1].location)).totals["done"] == 4
    annotate_chunks(stores[0].location, list(pending_chunks(stores[0].location)), worker)
    assert worker.execution == Execution()


def test_what_was_seen_stands_in_the_provenance(make_collection: Make, tmp_path: Path) -> None:
    catalog = open_catalog(make_collection(tmp_path / "images", {"Aus bus": 3, "Aus cus": 2}))
    provenance = plan_store(tmp_path / "maps.zarr", catalog, classifier(), execution=GPU).provenance
    assert provenance.classifier.execution["precision"] == "bfloat16"
    assert provenance.precision_check["limit"] == LIMIT
    assert 0 < float(str(provenance.precision_check["error"])) <= LIMIT
    assert provenance.precision_check["tf32"] in (True, False)


def test_an_execution_that_is_not_known_is_refused() -> None:
    assert execution_of({}) is None
    assert execution_of(Execution("float16").to_dict()) == Execution("float16")
    with pytest.raises(ClassifierError, match=r"unknown execution .*: update finercam"):
        execution_of({"precision": "float32", "sparse": True})


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({32: 1.0, 64: 1.2, 128: 1.6, 256: 3.2, 512: 6.4}, 128),
        ({32: 1.0, 64: 2.0}, 32),
        ({32: 1.0, 64: 1.0, 128: None}, 64),
        ({32: None}, 32),
        ({32: 1.0, 64: 1.1, 128: 1.2, 256: 1.3, 512: 1.4}, 512),
    ],
)
def test_batches_grow_while_time_and_memory_allow(seconds: dict[int, float | None], expected: int) -> None:
    def time_of(size: int) -> float:
        found = seconds[size]
        if found is None:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return found

    assert fastest_size(time_of) == expected
    assert images_per_pass(classifier()) == 32


def test_options_take_a_number_or_auto() -> None:
    required = {"catalog": "a.csv", "classifier": "m:f", "store": "maps.zarr"}
    assert AnnotateOptions(**required, batch_size="auto").batch_size == "auto"
    assert AnnotateOptions(**required, batch_size="64").batch_size == 64
    for wrong in ({"batch_size": 0}, {"batch_size": "many"}, {"precision": "float8"}):
        with pytest.raises(ValidationError):
            AnnotateOptions(**required, **wrong)
