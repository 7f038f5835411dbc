"""The atlas's page about a review: what is measured is there, what is not says so, names are text."""

import json
from collections.abc import Callable
from pathlib import Path

import lab_plan
from planned_store import fill, plan_at

from finercam_core.report.page_templates import environment
from finercam_core.report.pages import AtlasFacts
from finercam_core.report.reviewers import reviewed, reviewers_page
from finercam_core.review import Comparison, ReviewLog, Verdict
from finercam_core.store import Store, open_store

FACTS = AtlasFacts(
    collection="lab", model="tiny", target_layer="features", weights_sha256="0" * 64, method="gradcam", gamma=0.6,
    above="none", grid=(3, 4), judged="all", judged_on="", traits="", intervals="",
    faithfulness="not measured", difference=(), not_measured={}, tables="evaluation",
    run="r", created="2026-01-02", version="0",
)  # fmt: skip


def made(folder: Path, say: Callable[[Store, list[str]], None]) -> Store:
    store = plan_at(str(folder / "maps.zarr"), folder / "images", {"Aus bus": 8, "Dus eus": 4})
    fill(store.location)
    say(store, list(map(str, store.rows.index)))
    return open_store(store.location)


def page(store: Store, folder: Path) -> str:
    figures = reviewed(store)
    assert figures is not None
    told = reviewers_page(figures, folder)
    return environment().get_template("reviewers.html").render(atlas=FACTS, page=told, up="", live=None, notes=())


def test_there_is_no_page_where_nobody_has_judged(tmp_path: Path) -> None:
    assert reviewed(made(tmp_path, lambda _store, _ids: None)) is None


def test_figures_and_what_is_not_measured_are_told(tmp_path: Path) -> None:
    store = made(tmp_path, lambda store, ids: lab_plan.write(store.location, ids))
    text = page(store, tmp_path)
    assert "12 of 12 specimens judged, 12 of them by two reviewers or more." in text
    assert "not measured (all answers are the same)" in text  # the plan begins with eighty that all accept
    assert "Aus bus / " in text
    told = json.loads((tmp_path / "review.json").read_text(encoding="utf-8"))
    assert told["everything"]["iou"]["value"] is not None
    assert told["everything"]["alpha"]["value"] is None


def test_a_name_is_text(tmp_path: Path) -> None:
    def say(store: Store, ids: list[str]) -> None:
        verdict = Verdict(ids[0], "Aus bus", "<img src=x>", "reject", Comparison(0.6, "mean", "gradcam", ()))
        ReviewLog(store.location, verdict.reviewer).append(verdict)

    text = page(made(tmp_path, say), tmp_path)
    assert "&lt;img src=x&gt;" in text
    assert "<img src=x>" not in text
