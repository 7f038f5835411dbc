"""Maps made anew for a comparison: those of linear methods from evidence, the others as finished comparisons."""

import importlib

import numpy as np
import pytest
import torch
from tolerances import rounding

from finercam_core.base_methods import BASE_METHODS
from finercam_core.errors import ComparisonError
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.with_model.compared_maps import Compared, compared_maps, map_of
from finercam_core.explain import Classifier, explain
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord

GAMMA = 0.7


@pytest.fixture(scope="module")
def classifier(tiny_classifier: str) -> Classifier:
    found: Classifier = importlib.import_module(tiny_classifier.partition(":")[0]).tiny()
    found.model.double()
    return found


def record_of(classifier: Classifier, image: torch.Tensor) -> SpecimenRecord:
    """What a store would hold of an image: the first species against two references."""
    found = explain(classifier, image, [[0, 2, 3]])
    logits = found.logits[0].numpy()
    names = tuple(classifier.species[i] for i in (0, 2, 3))
    return SpecimenRecord(
        "a", names[0], names, ("target", "congener", "congener"), found.evidence[0].numpy(), logits[[0, 2, 3]],
        float(np.log(np.exp(logits).sum())), names[0], Status.DONE,
    )  # fmt: skip


@pytest.mark.parametrize("method", [name for name in BASE_METHODS if name != "random"])
def test_a_map_made_anew_is_what_a_store_of_that_method_shows(classifier: Classifier, method: str) -> None:
    """By hand: y_c less γ times the mean of the references; or the mean of the comparisons made at γ."""
    image = torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    record, protocol = record_of(classifier, image), Protocol(gamma=GAMMA)
    maps = explain(classifier, image, [[0, 2, 3]], method=method, gamma=GAMMA).evidence[0]
    linear = BASE_METHODS[method].linear
    wanted = maps[0] - GAMMA * maps[1:].mean(0) if linear else maps[1:].mean(0)
    species, difference = compared_maps(protocol, methods=[method])[2:4]
    assert (species.name, difference.name) == (method, f"{method} difference")
    # Combined in float32: three maps and their coefficients are rounded, multiplied and added up.
    exact = rounding(3 + 2, (1 + GAMMA) * float(maps.abs().max()), np.float32)
    for one, expected in ((species, maps[0]), (difference, wanted)):
        found = map_of(one, record, classifier, image, protocol)
        torch.testing.assert_close(found, expected.clamp(min=0).float(), atol=exact, rtol=0)
    assert wanted.clamp(min=0).any(), "a map that shows something"


def test_grad_cam_made_anew_is_the_stored_one(classifier: Classifier) -> None:
    image = torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    record, protocol = record_of(classifier, image), Protocol(gamma=GAMMA)
    size = float(np.abs(record.evidence).max())
    stored, anew = (map_of(Compared("", explainer, "difference", GAMMA), record, classifier, image, protocol)
                    for explainer in ("stored", "gradcam"))  # fmt: skip
    torch.testing.assert_close(anew, stored, atol=rounding(3 + 2, (1 + GAMMA) * size, np.float32), rtol=0)


def test_methods_are_refused_before_a_long_run() -> None:
    with pytest.raises(ComparisonError, match="same for every class"):
        compared_maps(Protocol(), methods=["eigencam"])
    with pytest.raises(EvaluationError, match="layercam gives finished comparisons"):
        compared_maps(Protocol(weighting="released"), methods=["LayerCAM"])
    assert [one.explainer for one in compared_maps(Protocol(), methods=["Grad-CAM++"])][2:4] == ["gradcam++"] * 2
