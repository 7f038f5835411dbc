"""A batch that does not fit is halved until it does; nothing is lost, doubled or swallowed."""

import pytest
import torch
from backbones import CLASSES, build, images_of
from tolerances import assert_identity
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain import explain
from finercam_core.explain.engine.background import HostCopy
from finercam_core.explain.engine.batch_size import BatchSize
from finercam_core.explain.model.capture import replaced_forward


def limited(model: nn.Module, limit: int, seen: list[int], error: Exception) -> replaced_forward:
    """The model runs out of memory with more than `limit` images."""
    forward = model.forward

    def run(images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        if len(images) > limit:
            raise error
        return forward(images)

    return replaced_forward(model, run)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: not enough memory")]
)
def test_batches_are_halved_until_they_fit(error: Exception) -> None:
    found = build("resnet10t")
    found.model.double()
    images, classes = images_of(found, 11), torch.arange(CLASSES).expand(11, -1)
    expected, seen, size = explain(found, images, classes).evidence, [], BatchSize(8)
    with limited(found.model, 3, seen, error):
        parts = size.run(lambda rows: explain(found, images[rows], classes[rows]).evidence, len(images))
    assert_identity(found.model, torch.cat(parts), expected)
    assert seen == [8, 4, 2, 2, 2, 2, 2, 1]
    assert size.size == 2


def test_a_single_image_that_does_not_fit_is_an_error_in_words() -> None:
    found = build("resnet10t")
    images = images_of(found, 3)
    with limited(found.model, 0, [], torch.OutOfMemoryError("out")), pytest.raises(ClassifierError, match="smaller"):
        BatchSize(4).run(lambda rows: found.route.forward(images[rows]), 3)


def test_other_errors_pass() -> None:
    def work(_rows: slice) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        BatchSize(4).run(work, 3)
    with pytest.raises(ClassifierError, match="0 images"):
        BatchSize(0)


def test_results_leave_the_device_in_their_order() -> None:
    tensors = [torch.arange(4.0), torch.ones(2, 2, dtype=torch.int64)]
    arrays = HostCopy(tensors).arrays()
    assert [a.tolist() for a in arrays] == [t.tolist() for t in tensors]
    assert [a.dtype.name for a in arrays] == ["float32", "int64"]
