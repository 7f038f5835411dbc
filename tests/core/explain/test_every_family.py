"""Modules of timm at their default layer: evidence is float64 autograd's. All of them: `tests/benchmarks/families.py`.

`test_backbones.py` has the route and the layer of a dozen more; the smallest real model of each other module is slow.
"""

import pytest
from every_family import RIGHT, judged

TOKENS = {"img_size": 64, "depth": 2, "embed_dim": 48, "num_heads": 2}
# module: model, arguments, side of the images where the model takes any
QUICK: dict[str, tuple[str, dict[str, object], int | None]] = {
    "byobnet": ("test_byobnet", {}, 96),
    "cait": ("cait_xxs24_224", TOKENS, None),
    "densenet": ("densenet121", {"growth_rate": 4, "block_config": (1, 1, 1, 1)}, 64),
    "hiera": (
        "hiera_tiny_224",
        {"img_size": (64, 64), "embed_dim": 16, "num_heads": 1, "stages": (1, 1, 1, 1)},
        None,
    ),
    "mambaout": ("test_mambaout", {}, 96),
    "nfnet": ("test_nfnet", {}, 96),
    "tnt": ("tnt_s_legacy_patch16_224", {"depth": 2, "embed_dim": 48, "num_heads_outer": 2}, None),
    "twins": ("twins_svt_small", {"depths": (1, 1, 1, 1), "embed_dims": (16, 16, 32, 32)}, 64),
    "visformer": (
        "visformer_tiny",
        {"img_size": 64, "embed_dim": 32, "depth": (1, 1, 1), "num_heads": 2},
        None,
    ),
    "xcit": ("xcit_nano_12_p16_224", TOKENS, None),
}
SMALL: dict[str, tuple[str, int | None]] = {
    "coat": ("coat_tiny", None),
    "crossvit": ("crossvit_tiny_240", None),
    "dla": ("dla46_c", 64),
    "ghostnet": ("ghostnet_050", 64),
    "levit": ("levit_128s", None),
    "mobilevit": ("mobilevitv2_050", 64),
    "nest": ("nest_tiny", None),
    "pit": ("pit_ti_224", None),
    "pvt_v2": ("pvt_v2_b0", 64),
    "repvit": ("repvit_m0_9", 64),
    "tiny_vit": ("tiny_vit_5m_224", 64),
    "volo": ("volo_d1_224", None),
}


@pytest.mark.parametrize("module", QUICK)
def test_a_small_variant_is_autograd(module: str) -> None:
    name, arguments, side = QUICK[module]
    verdict = judged(name, side=side, **arguments)
    assert verdict.verdict == RIGHT, verdict


@pytest.mark.slow
@pytest.mark.parametrize("module", SMALL)
def test_a_small_model_is_autograd(module: str) -> None:
    name, side = SMALL[module]
    verdict = judged(name, side=side)
    assert verdict.verdict == RIGHT, verdict
