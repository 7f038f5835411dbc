"""Maps in a loop leave nothing behind: 50,000 of them need the memory of the first 1,000."""

import gc
from collections.abc import Callable

import psutil
import pytest
import torch
from backbones import CLASSES, build, images_of

from finercam_core.explain import explain
from finercam_core.explain.engine.request import NearestLogits

MAPS, WARM, IMAGES = 50_000, 1_000, 2
# A map here has 9 to 100 cells of four bytes. Kept ones would be 1.8 to 20 MB, kept activations or graphs of each call
# hundreds; what the C library holds back of freed memory was seen to vary by a few hundred kB.
TOLERANCE = 1_500_000


def living() -> tuple[int, int]:
    """Tensors that Python knows of, and the bytes of this process in memory."""
    gc.collect()
    return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects()), psutil.Process().memory_info().rss


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("name", "method", "choose"),
    [
        ("resnet10t", "gradcam", None),
        ("resnet10t", "layercam", NearestLogits([0, 3], CLASSES - 1)),
        ("convnext_atto", "gradcam", None),
        ("vit_tiny_patch16_224", "gradcam", None),
        ("vit_base_patch16_siglip_224", "gradcam", NearestLogits([0, 3], CLASSES - 1)),
    ],
)
def test_fifty_thousand_maps_need_the_memory_of_the_first_thousand(
    name: str, method: str, choose: Callable[[torch.Tensor], torch.Tensor] | None
) -> None:
    found = build(name)
    images = images_of(found, IMAGES)
    classes = choose or torch.arange(CLASSES).expand(IMAGES, -1)
    a_call = IMAGES * CLASSES

    def work(maps: int) -> None:
        for _ in range(maps // a_call):
            assert explain(found, images, classes, method=method).evidence.shape[:2] == (IMAGES, CLASSES)

    work(WARM)
    tensors, held = living()
    work(MAPS - WARM)
    tensors_after, held_after = living()
    assert tensors_after == tensors
    assert held_after - held < TOLERANCE
