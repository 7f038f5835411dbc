"""Base methods by name, and the ones that no comparison can be made with."""

import pytest

from finercam_core.base_methods import BASE_METHODS, base_method
from finercam_core.errors import ComparisonError


@pytest.mark.parametrize(
    ("written", "name"),
    [("Grad-CAM", "gradcam"), ("grad_cam_plusplus", "gradcam++"), ("GradCAMpp", "gradcam++"), ("HiResCAM", "hirescam")],
)
def test_common_spellings_are_understood(written: str, name: str) -> None:
    assert base_method(written) is BASE_METHODS[name]


def test_methods_that_ignore_the_target_are_refused_with_the_reason() -> None:
    with pytest.raises(ComparisonError, match=r"'Eigen-CAM' cannot be used: its map is the same for every class"):
        base_method("Eigen-CAM")
    with pytest.raises(ComparisonError, match=r"unknown base method 'gradcamm': did you mean gradcam\?"):
        base_method("gradcamm")


def test_linear_methods_store_evidence_and_the_others_comparisons() -> None:
    kinds = {name: method.kind for name, method in BASE_METHODS.items()}
    assert {name for name, kind in kinds.items() if kind == "comparison"} == {"gradcam++", "layercam", "scorecam"}
