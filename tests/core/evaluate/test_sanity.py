"""Sanity checks tell a map that shows what was learnt from one that does not."""

import copy
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from finercam_core.catalog import open_catalog
from finercam_core.evaluate.with_model.sanity import (
    _fitted,
    _with_heads,
    label_randomisation,
    shuffled_copies,
    weight_randomisation,
)
from finercam_core.explain import Classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.explain.folds import FoldHeads
from finercam_core.explain.model.execution import Execution
from finercam_core.store import open_store, pending_chunks

pytestmark = pytest.mark.xdist_group("learnt")  # its tests share what takes long to make


def with_learnt_head(untrained: Classifier, catalog: Path) -> Classifier:
    """The tiny classifier with a head that scikit-learn fitted to the collection, without the package's help."""
    specimens = open_catalog(catalog).specimens
    model = copy.deepcopy(untrained.model)
    pixels = np.stack([untrained.preparation(Image.open(catalog.parent / path)) for path in specimens["path"]])
    with torch.no_grad():
        body = torch.nn.Sequential(*list(model.children())[:-1])
        inputs = body(torch.from_numpy(pixels)).numpy()
    labels = [untrained.species.index(name) for name in specimens["scientificName"]]
    scale = float(inputs.std())
    fitted = LogisticRegression(C=1.0, max_iter=300).fit(inputs / scale, labels)
    with torch.no_grad():
        model.head.weight.copy_(torch.from_numpy(fitted.coef_ / scale))
        model.head.bias.copy_(torch.from_numpy(fitted.intercept_))
    return Classifier(model, untrained.species, "features", untrained.preparation, name="tiny, learnt")


@pytest.fixture(scope="module")
def learnt(make_collection, tiny_classifier: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Classifier]:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("learnt")
    catalog = make_collection(folder / "images", {"Aus bus": 8, "Aus cus": 8, "Aus dus": 8, "Eus fus": 8})
    classifier = with_learnt_head(importlib.import_module(tiny_classifier.partition(":")[0]).tiny(), catalog)
    store = plan_store(folder / "maps.zarr", open_catalog(catalog), classifier, references=2)
    annotate_chunks(store.location, list(pending_chunks(store.location)), classifier)
    return store.location, classifier


def test_maps_follow_the_labels_that_were_learnt(learnt: tuple[str, Classifier]) -> None:
    location, classifier = learnt
    before = classifier.weights_sha256
    steps: list[tuple[int, int]] = []
    table = label_randomisation(location, classifier, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(done, 34) for done in range(34)], "a bar can move through it: 32 specimens, two fits"
    assert table["shuffled"].tolist() == ["", "all"]
    same, shuffled = table["similarity"]
    assert same > 0.95, "the true labels, learnt again, give the stored maps"
    assert shuffled < same - 0.3
    again = Classifier(classifier.model, classifier.species, "features", classifier.preparation)
    assert again.weights_sha256 == before, "the classifier itself is left as it was"


def test_weights_are_shuffled_from_the_head_down_one_layer_after_the_other(learnt: tuple[str, Classifier]) -> None:
    location, classifier = learnt
    own = dict(classifier.model.named_parameters())
    shuffled: set[str] = set()
    for name, model in shuffled_copies(classifier):
        now = dict(model.model.named_parameters())
        changed = {key for key in own if not torch.equal(own[key], now[key])}
        assert shuffled < changed, "what was shuffled stays so, and one more layer is"
        assert {key.rsplit(".", 1)[0] for key in changed - shuffled} == {name}
        for key in changed:
            assert torch.equal(own[key].flatten().sort().values, now[key].flatten().sort().values), "the values stay"
        shuffled = changed
    steps: list[tuple[int, int]] = []
    table = weight_randomisation(location, classifier, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(done, len(table)) for done in range(len(table))], "a bar can move through it"
    assert table["similarity"].iloc[0] > 0.99
    assert table["similarity"].iloc[1:].abs().max() < 0.9
    assert table["shuffled"].iloc[1] == "head"
    assert (table["n"] == len(open_store(location).rows[:16])).all()


def test_folds_and_precision_stay_when_weights_are_changed(learnt: tuple[str, Classifier], tmp_path: Path) -> None:
    """A classifier with heads for two folds, in bfloat16: what is changed of it runs in the same way, fold by fold."""
    location, plain = learnt
    head = plain.head
    assert head is not None
    heads = FoldHeads(*(torch.stack([one.detach(), one.detach().roll(1, 0)]) for one in (head.weight, head.bias)))
    crossed = Classifier(
        plain.model, plain.species, "features", plain.preparation, execution=Execution("bfloat16"), heads=heads
    )
    name, shuffled = next(shuffled_copies(crossed))
    assert name == "head"
    assert shuffled.execution == crossed.execution
    assert shuffled.heads is not None
    for k in range(2):
        assert not torch.equal(shuffled.heads.weight[k], heads.weight[k])
        assert torch.equal(shuffled.heads.weight[k].flatten().sort().values, heads.weight[k].flatten().sort().values)
    later = list(shuffled_copies(crossed))[-1][1]
    assert later.heads is not None
    assert torch.equal(later.heads.weight, shuffled.heads.weight), "the heads are shuffled once"
    rows = open_store(location).rows
    folds = np.arange(len(rows)) % 2
    labels = np.array([crossed.index(species) for species in rows["scientificName"]])
    inputs = np.random.default_rng(0).normal(size=(len(rows), head.in_features)).astype(np.float32)
    fitted = _with_heads(crossed, inputs, labels, folds)
    assert fitted.execution == crossed.execution
    expected = _fitted(inputs[folds != 1], labels[folds != 1], len(crossed.species))[0]
    own = fitted.for_fold(1).head
    assert own is not None
    np.testing.assert_allclose(own.weight.detach().numpy(), expected, rtol=1e-6)
