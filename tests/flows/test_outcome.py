"""A run without a result has failed: the command's exit code and Prefect's state say so."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from finercam_flows.annotate import annotate
from finercam_flows.direct.annotation import annotate as directly
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.outcome.finished import REQUESTS, nothing_to_do
from without_packages import run_without

from finercam_core.catalog import open_catalog
from finercam_core.errors import ComparisonError, RunError
from finercam_core.store import open_store, summarise
from finercam_core.store.summary import last_run
from finercam_core.train import train

Make = Callable[[Path, dict[str, int]], Path]


def renamed(table: Path, names: dict[str, str]) -> str:
    rows = pd.read_csv(table)
    rows.assign(scientificName=rows["scientificName"].replace(names)).to_csv(table, index=False)
    return str(table)


def test_a_classifier_of_other_species_is_refused_before_anything_is_computed(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog = renamed(make_collection(tmp_path / "images", {"Aus bus": 2, "Xus yus": 2}), {"Aus bus": "Aus buss"})
    state = annotate(catalog, tiny_classifier, str(tmp_path / "maps.zarr"), return_state=True)
    assert state.is_failed()
    with pytest.raises(ComparisonError, match=r"none of the collection's 2 species, such as Aus buss: did you mean"):
        state.result()
    assert not list((tmp_path / "maps.zarr").rglob("zarr.json"))


def test_a_species_with_a_slip_is_told_with_the_right_name(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog = renamed(make_collection(tmp_path / "images", {"Aus bus": 2, "Aus cus": 1}), {"Aus cus": "Aus cuus"})
    found = annotate(catalog, tiny_classifier, str(tmp_path / "maps.zarr"))
    assert found.summary.misspelt == ["Aus cuus is no class of the classifier: did you mean Aus cus?"]


def broken(table: Path, count: int) -> str:
    for path in sorted(table.parent.glob("*.png"))[:count]:
        path.write_bytes(b"no picture")
    return str(table)


def test_a_run_without_a_single_map_has_failed(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog, store = broken(make_collection(tmp_path / "images", {"Aus bus": 3}), 3), str(tmp_path / "maps.zarr")
    state = annotate(catalog, tiny_classifier, store, return_state=True)
    assert state.is_failed()
    with pytest.raises(RunError, match="not one of 3 specimens has a map: of 3 the file is not an image"):
        state.result()
    command = [sys.executable, "-m", "finercam_flows", "annotate", catalog, "--classifier", tiny_classifier]
    said = subprocess.run([*command, "--store", store], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "not one of 3 specimens has a map" in said.stderr
    assert summarise(open_store(store)).totals["failed"] == 3


@pytest.mark.parametrize(("limit", "failed"), [(0.5, False), (0.2, True), (0.0, True)])
def test_more_failures_than_allowed_are_a_failure(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path, limit: float, failed: bool
) -> None:
    catalog = broken(make_collection(tmp_path / "images", {"Aus bus": 4}), 1)
    state = annotate(catalog, tiny_classifier, str(tmp_path / "maps.zarr"), max_failed=limit, return_state=True)
    assert state.is_failed() == failed


def test_new_specimens_that_all_fail_are_a_failure_though_the_store_has_others(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog, store = make_collection(tmp_path / "images", {"Aus bus": 2}), str(tmp_path / "maps.zarr")
    annotate(str(catalog), tiny_classifier, store)
    make_collection(tmp_path / "images", {"Aus bus": 2, "Aus cus": 2})
    for path in (tmp_path / "images").glob("Aus_cus*"):
        path.unlink()
    with pytest.raises(RunError, match="none of the 2 specimens that this run computed has a map"):
        annotate(str(catalog), tiny_classifier, store)
    assert annotate(str(catalog), tiny_classifier, store).summary.totals["done"] == 2  # nothing new to do: no alarm


@pytest.fixture
def request_done(make_collection: Make, tmp_path: Path) -> AnnotateOptions:
    """An annotation with a classifier in a folder, which is complete."""
    catalog = make_collection(tmp_path / "images", {"Aus bus": 6, "Aus cus": 6})
    train(open_catalog(catalog), tmp_path / "classifier", model="test_resnet", pretrained=False, device="cpu")
    options = AnnotateOptions(
        catalog=str(catalog), classifier=str(tmp_path / "classifier"), store=str(tmp_path / "maps.zarr")
    )
    directly(options)
    return options


def test_a_second_run_with_nothing_to_do_needs_neither_torch_nor_prefect(request_done: AnnotateOptions) -> None:
    words = ["annotate", request_done.catalog, "--classifier", request_done.classifier, "--store", request_done.store]
    said = run_without(("torch", "timm", "prefect"), words)
    assert said.returncode == 0, said.stderr
    assert "0 specimens computed in this run; 12 were there already: 12 done, 0 failed." in said.stdout


def test_whatever_changes_is_computed(request_done: AnnotateOptions, make_collection: Make, tmp_path: Path) -> None:
    assert nothing_to_do(request_done) is not None
    for change in ({"references": 0}, {"method": "layercam"}, {"verify": True}):
        assert nothing_to_do(request_done.model_copy(update=change)) is None
    image = sorted((tmp_path / "images").glob("*.png"))[0]
    content = image.read_bytes()
    image.write_bytes(content + b" ")
    assert nothing_to_do(request_done) is None
    image.unlink()
    assert nothing_to_do(request_done) is None
    with pytest.raises(RunError):
        directly(request_done)
    assert nothing_to_do(request_done) is not None
    make_collection(tmp_path / "images", {"Aus bus": 6, "Aus cus": 7})
    assert nothing_to_do(request_done) is None
    (Path(request_done.classifier) / "classes.csv").touch()
    assert nothing_to_do(request_done) is None


def test_a_damaged_note_costs_time_and_nothing_else(request_done: AnnotateOptions) -> None:
    note = Path(request_done.store) / REQUESTS
    assert json.loads(note.read_text())
    for content in ("", "[1]", "{", "7"):
        note.write_text(content)
        assert nothing_to_do(request_done) is None


def test_a_run_without_prefect_is_on_record_while_it_runs(
    make_collection: Make, tiny_classifier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_job: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("finercam_flows.direct.annotation.compute_shard", killed)
    catalog, store = make_collection(tmp_path / "images", {"Aus bus": 2}), str(tmp_path / "maps.zarr")
    options = AnnotateOptions(catalog=str(catalog), classifier=tiny_classifier, store=store)
    with pytest.raises(KeyboardInterrupt):
        directly(options)
    left = last_run(store)
    assert left is not None
    assert (left.planned, left.done, left.finished) == (2, 0, False)
