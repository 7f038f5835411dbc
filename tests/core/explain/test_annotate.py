"""From images to a store without an orchestrator: what each is compared with, and values that are no numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from exact_classifier import exact
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planned_store import arrays, assert_same
from tolerances import assert_stored
from torch import nn

from finercam_core.base_methods import BASE_METHODS
from finercam_core.catalog import open_catalog
from finercam_core.errors import ComparisonError, StoreError
from finercam_core.explain import Classifier, explain
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks, written
from finercam_core.images.decoder import load_many
from finercam_core.images.preparation import Preparation
from finercam_core.io.files import Files
from finercam_core.references import policy_of
from finercam_core.status import Status
from finercam_core.store import Store, lock, open_store, pending_chunks, summarise
from finercam_core.store.lock import exclusive, token_of

SPECIES = ("Aus bus", "Aus cus", "Aus dus", "Eus fus", "Eus sp.")
COUNTS = {"Aus bus": 5, "Aus cus": 2, "Eus fus": 3}
Make = Callable[[Path, dict[str, int]], Path]


class Poisoned(nn.Module):
    """Lets scores through, but for the images of a batch that are asked for; in the order in which images come."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[int, float] = {}
        self.seen = 0

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        if len(self.values):
            logits = logits.clone()
            for row in range(len(logits)):
                if (at := self.seen + row) in self.values:
                    logits[row, at % logits.shape[1]] = self.values[at]
            self.seen += len(logits)
        return logits


def classifier() -> Classifier:
    torch.manual_seed(5)
    model = nn.Sequential()
    model.add_module("features", nn.Sequential(nn.Conv2d(3, 8, 5, stride=4), nn.ReLU(), nn.Conv2d(8, 12, 3), nn.ReLU()))
    model.add_module("pool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    model.add_module("head", nn.Linear(12, len(SPECIES)))
    model.add_module("poisoned", Poisoned())
    return Classifier(model.double().eval(), SPECIES, "features", Preparation(32, 48, mode="pad"), name="five")


def whole_numbers() -> Classifier:
    """Scores and evidence that no order of additions changes, so that they can be compared bit by bit."""
    found = exact(SPECIES)
    found.model.add_module("poisoned", Poisoned())
    return Classifier(found.model, SPECIES, "features", found.preparation, name="five")


def annotated(folder: Path, catalog: Path, found: Classifier, **options: object) -> Store:
    store = plan_store(folder / "maps.zarr", open_catalog(catalog), found, references=2, **options)  # type: ignore[arg-type]
    annotate_chunks(store.location, list(pending_chunks(store.location)), found, batch_size=4)
    return open_store(store.location)


def test_processes_that_decode_and_write_make_the_same_store(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also under a lease; a run that lost it writes nothing more from its process."""
    found = whole_numbers()
    here = annotated(tmp_path / "here", catalog, found)
    store = plan_store(tmp_path / "apart" / "maps.zarr", open_catalog(catalog), found, references=2)
    chunks = list(pending_chunks(store.location))
    with exclusive(store.location) as hold:
        assert token_of(store.location) == hold.token
        annotate_chunks(store.location, chunks, found, batch_size=4, decoders=1, processes=True)
        monkeypatch.setattr(lock, "_held", {})  # as in a process that works for another run
        with pytest.raises(StoreError, match="another run"):
            written(store.location, "another", chunks[0], None)  # type: ignore[arg-type]
        monkeypatch.undo()
    assert_same(arrays(open_store(store.location)), arrays(here))


def test_a_shard_reads_nothing_of_the_plan_which_grows_with_the_collection(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = classifier()
    store = plan_store(tmp_path / "maps.zarr", open_catalog(catalog), found, references=2)
    chunks = list(pending_chunks(store.location))
    with monkeypatch.context() as patched:
        patched.setattr(Files, "read_table", lambda *_: pytest.fail("a table of all specimens was read"))
        assert annotate_chunks(store.location, chunks, found).done == sum(COUNTS.values())


@pytest.fixture
def catalog(make_collection: Make, tmp_path: Path) -> Path:
    return make_collection(tmp_path / "images", COUNTS)


def prepared(store: Store, image_id: str, found: Classifier) -> torch.Tensor:
    (pixels,) = load_many([store.place(image_id)], found.preparation, store.images_root)
    assert isinstance(pixels, np.ndarray)
    return torch.from_numpy(found.preparation.normalise(pixels[None])).to(found.dtype)


@pytest.mark.parametrize("method", ["gradcam", "layercam"])
def test_each_image_is_compared_with_the_classes_of_its_own_nearest_scores(
    catalog: Path, tmp_path: Path, method: str
) -> None:
    found = classifier()
    store = annotated(tmp_path, catalog, found, policy=policy_of("logits"), method=method)
    assert summarise(store).totals["done"] == sum(COUNTS.values())
    chosen = set()
    for image_id, row in store.rows.iterrows():
        record, image = store.record(str(image_id)), prepared(store, str(image_id), found)
        logits = found.model(image)[0].detach()
        own = SPECIES.index(row["scientificName"])
        others = [k for k in range(len(SPECIES)) if k != own and SPECIES[k] != "Eus sp."]
        nearest = sorted(others, key=lambda k: abs(float(logits[k] - logits[own])))[:2]
        assert record.classes == tuple(SPECIES[k] for k in (own, *nearest))
        assert_stored(record.logit, logits[[own, *nearest]], np.float32)
        expected = explain(found, image, [[own, *nearest]], method=method).evidence[0]
        assert_stored(record.evidence, expected, np.float16)
        chosen.add(record.classes)
    assert len(chosen) > len(COUNTS), "images of one species differ in their references"


@pytest.mark.parametrize("gamma", [0.25, None])
def test_methods_that_are_not_linear_are_stored_at_the_gamma_of_their_store(
    catalog: Path, tmp_path: Path, gamma: float | None
) -> None:
    found = classifier()
    store = annotated(tmp_path, catalog, found, method="layercam", gamma=gamma)
    record = store.record("Aus_bus-001")
    classes = [[SPECIES.index(name) for name in record.classes]]
    at = 0.6 if gamma is None else gamma
    assert store.provenance.gamma == at
    expected = explain(found, prepared(store, "Aus_bus-001", found), classes, method="layercam", gamma=at).evidence[0]
    assert_stored(record.evidence, expected, np.float16)


def test_one_gamma_is_refused_where_every_gamma_is_stored(catalog: Path, tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match=r"stored for every gamma, not for 0\.3 alone"):
        plan_store(tmp_path / "maps.zarr", open_catalog(catalog), classifier(), gamma=0.3)


def test_the_provenance_names_the_route_that_the_method_takes(catalog: Path, tmp_path: Path) -> None:
    found, table = classifier(), open_catalog(catalog)
    taken = {
        method: plan_store(tmp_path / f"{method}.zarr", table, found, method=method).provenance.classifier.route
        for method in BASE_METHODS
    }
    closed = "closed form: global average pooling, linear head"
    others = {"ablationcam": "one pass of the tail a channel", "scorecam": "one forward a channel", "random": "none"}
    assert taken == {**dict.fromkeys(BASE_METHODS, closed), **others}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bad=st.dictionaries(st.integers(0, 9), st.sampled_from([np.nan, np.inf, -np.inf]), max_size=10),
    policy=st.sampled_from(["tier", "logits"]),
)
def test_scores_that_are_no_numbers_fail_their_specimen_alone(
    catalog: Path, tmp_path_factory: pytest.TempPathFactory, bad: dict[int, float], policy: str
) -> None:
    """NaN and infinity fail a specimen whichever class they belong to, minus infinity where it is one of its own.

    Minus infinity of another class is a mask, as models of a region's species have it: it takes part in no sum.
    """
    found = whole_numbers()
    assert found.grid, "examples that choose the route are not counted"
    clean = annotated(tmp_path_factory.mktemp("clean"), catalog, found, policy=policy_of(policy))
    found.model.poisoned.values = bad
    store = annotated(tmp_path_factory.mktemp("store"), catalog, found, policy=policy_of(policy))
    failed = summarise(store).failures.set_index("image_id")
    expected = set()
    for i, image_id in enumerate(store.specimens["image_id"]):
        undisturbed, record = clean.record(image_id), store.record(image_id)
        compared = undisturbed.classes[: 1 if policy == "logits" else None]
        if i in bad and (bad[i] != -np.inf or SPECIES[i % len(SPECIES)] in compared):
            expected.add(image_id)
            assert record.status is Status.NOT_FINITE
            assert not np.isfinite(record.evidence).any()
        else:
            assert record.status is Status.DONE
        if i not in bad:
            np.testing.assert_array_equal(record.evidence, undisturbed.evidence)
            np.testing.assert_array_equal(record.logit, undisturbed.logit)
    assert set(failed.index) == expected
    assert set(failed["status"]) <= {"NOT_FINITE"}
    assert set(failed["detail"]) <= {"a score is NaN", "a score is infinite"}
