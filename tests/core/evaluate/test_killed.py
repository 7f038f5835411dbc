"""An evaluation that is killed goes on: what was measured is not measured again, and the figures are the same."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.evaluate import evaluate
from finercam_core.evaluate.with_model.checks import check
from finercam_core.explain import Classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.store import pending_chunks

SETTINGS = {"gammas": (), "weightings": (), "steps": 4}
SCRIPT = """
import importlib, sys
from finercam_core.evaluate.with_model.checks import check
module, location, out = sys.argv[1:]
check(location, importlib.import_module(module).tiny(), out, gammas=(), weightings=(), steps=4)
"""


@pytest.fixture
def made(make_collection, tiny_classifier: str, tmp_path: Path) -> tuple[str, Classifier]:  # type: ignore[no-untyped-def]
    catalog = make_collection(tmp_path / "images", {"Aus bus": 6, "Aus cus": 6, "Aus dus": 6, "Eus fus": 6})
    classifier = importlib.import_module(tiny_classifier.partition(":")[0]).tiny()
    store = plan_store(tmp_path / "maps.zarr", open_catalog(catalog), classifier, references=2)
    annotate_chunks(store.location, list(pending_chunks(store.location)), classifier)
    return store.location, classifier


@pytest.mark.slow
def test_a_killed_evaluation_goes_on(made: tuple[str, Classifier], tiny_classifier: str, tmp_path: Path) -> None:
    location, classifier = made
    out, parts = tmp_path / "out", tmp_path / "out" / "parts-faithfulness"
    command = [sys.executable, "-c", SCRIPT, tiny_classifier.partition(":")[0], location, str(out)]
    environment = {**os.environ, "FINERCAM_TEST_SLEEP": "0.05"}
    with subprocess.Popen(command, env=environment) as process:
        until = time.monotonic() + 120
        while len(list(parts.glob("*/key.json"))) < 2:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < until, "two species take too long"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert not (out / "faithfulness.json").exists(), "in the middle"
    _, found = check(location, classifier, out, **SETTINGS)  # type: ignore[arg-type]
    assert found.reused >= 2
    assert found.forwards == found.needed < 24 * 50
    _, anew = check(location, classifier, tmp_path / "anew", **SETTINGS)  # type: ignore[arg-type]
    assert anew.reused == 0
    pd.testing.assert_frame_equal(found.specimens, anew.specimens)
    pd.testing.assert_frame_equal(found.summary, anew.summary)
    report = evaluate(location, out)
    assert json.loads((out / "evaluation.json").read_text("utf-8"))["checks"]["about"]["run"]
    pd.testing.assert_frame_equal(report.checks.sanity, evaluate(location, tmp_path / "anew").checks.sanity)
