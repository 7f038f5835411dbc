"""The flows `evaluate`, `report` and `export` on a real server: what they return, and what they leave to look at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from finercam_flows.annotate import annotate
from finercam_flows.evaluate import evaluate
from finercam_flows.export import export
from finercam_flows.progress import watch
from finercam_flows.report import report
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from finercam_core.errors import ExportError

Make = Callable[[Path, dict[str, int]], Path]


class Steps:
    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def planned(self, specimens: int) -> None: ...

    def written(self, done: int, failed: int) -> None: ...

    def stepped(self, step: int, total: int, note: str) -> None:
        self.seen.append((step, total))


def latest(key: str) -> str:
    """Newest artifact of a key, as text."""
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return str(max(found, key=lambda one: one.created).data)


@pytest.fixture
def store(prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path) -> str:
    catalog = make_collection(tmp_path / "images", {"Aus bus": 4, "Aus cus": 4})
    annotate(str(catalog), tiny_classifier, str(tmp_path / "maps.zarr"), references=1)
    return str(tmp_path / "maps.zarr")


def test_evaluate_report_and_export_leave_figures_pages_and_masks(store: str, tmp_path: Path) -> None:
    steps = Steps()
    with watch(steps):
        figures = evaluate(store, str(tmp_path / "evaluation"))
        atlas = report(store, str(tmp_path / "atlas"))
        masks = export(store, str(tmp_path / "masks"), which="automatic")
    assert (figures.summary.species, figures.summary.reused, atlas.species, masks.masks) == (2, 0, 2, 8)
    assert evaluate(store, str(tmp_path / "evaluation")).summary.reused == 2
    assert atlas.index.is_file()
    assert [done for done, total in steps.seen if done == total]
    assert latest("evaluation").startswith("#")
    assert "2 species" in latest("atlas")
    assert "8 automatic masks" in latest("masks")


def test_a_failure_leaves_one_clear_sentence(store: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing is accepted"):
        export(store, str(tmp_path / "masks"))
    assert "nothing is accepted in" in latest("failure")
    assert "Traceback" not in latest("failure")
