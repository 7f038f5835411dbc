"""A store of rendered specimens, made with an untrained classifier, and its figures."""

import importlib
from pathlib import Path

import pytest

from finercam_core.catalog import open_catalog
from finercam_core.evaluate import EvaluationReport, evaluate
from finercam_core.evaluate.with_truth.planted_traits import planted_names
from finercam_core.explain import Classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.store import pending_chunks
from finercam_core.synthetic import SPECIES, render_collection

MANIFEST = Path(__file__).parents[3] / "catalogs" / "demo.toml"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: str) -> tuple[Path, Classifier]:
    """Folder with maps.zarr, and the classifier that made it."""
    folder = tmp_path_factory.mktemp("atlas")
    render_collection(folder / "collection", seed=3, train=1, val=1, test=3, workers=1)
    (folder / "catalog.toml").write_text(MANIFEST.read_text(encoding="utf-8"), encoding="utf-8")
    classifier = importlib.import_module(tiny_classifier.partition(":")[0]).tiny([plan.name for plan in SPECIES])
    store = plan_store(folder / "maps.zarr", open_catalog(folder / "catalog.toml"), classifier, references=3)
    annotate_chunks(store.location, list(pending_chunks(store.location)), classifier)
    return folder, classifier


@pytest.fixture(scope="session")
def figures(made: tuple[Path, Classifier]) -> EvaluationReport:
    """Evaluation of that store."""
    return evaluate(made[0] / "maps.zarr", made[0] / "report" / "evaluation", planted=planted_names)
