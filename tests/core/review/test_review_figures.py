"""The figures of a lab's review are those that are worked out by hand, and nobody sees more than they may."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import lab_plan
import pytest
from planned_store import fill, plan_at

from finercam_core.review import Comparison, ReviewLog, Verdict, adjudicate, assign, latest, read_verdicts
from finercam_core.review.statistics.review_figures import ReviewFigures, review_figures
from finercam_core.review.statistics.words import review_in_words
from finercam_core.store import Store, open_store


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two hundred specimens that three reviewers have judged, and one disagreement that was decided."""
    folder = tmp_path_factory.mktemp("lab")
    store = plan_at(str(folder / "maps.zarr"), folder / "images", lab_plan.COUNTS)
    fill(store.location)
    store = open_store(store.location)
    assign(store, lab_plan.REVIEWERS, adjudicators=[lab_plan.ADJUDICATOR], overlap=3)
    lab_plan.write(store.location, list(map(str, store.rows.index)))
    return store


@pytest.fixture(scope="module")
def figures(lab: Store) -> ReviewFigures:
    return review_figures(lab)


def test_agreement_is_what_is_worked_out_by_hand(figures: ReviewFigures) -> None:
    everything = figures.everything
    assert (figures.judged, figures.judged_twice, everything.specimens) == (200, 200, 200)
    assert everything.alpha.value == pytest.approx(lab_plan.ALPHA)
    assert everything.kappa.value == pytest.approx(lab_plan.FLEISS)
    assert everything.iou.value == pytest.approx(lab_plan.IOU)
    assert everything.iou.n == 130
    assert {one.of: one.kappa.value for one in figures.by_reviewers} == pytest.approx(lab_plan.KAPPA)
    (eye,) = figures.by_trait
    assert (eye.of, eye.specimens) == ("eye", 200)
    assert eye.alpha.value == pytest.approx(lab_plan.TRAIT_ALPHA)
    assert all(one.alpha.low < one.alpha.value < one.alpha.high for one in (everything, eye))  # type: ignore[operator]


def test_pairs_of_species_add_up_to_everything(figures: ReviewFigures) -> None:
    assert sum(pair.specimens for pair in figures.by_pair) == 200
    assert all(" / " in pair.of for pair in figures.by_pair)


def test_people_queues_and_time(figures: ReviewFigures) -> None:
    ada, bo, _ = figures.reviewers
    assert (ada.assigned, ada.left, ada.accept, ada.reject, ada.unsure) == (200, 0, 115, 75, 10)
    assert (ada.seconds.value, ada.seconds.n) == (8, 200)
    assert str(bo.seconds) == "not measured (0 of the 10 needed)"
    assert figures.disagreements == {"the decision": 60, "the region": 80}
    assert (figures.open, figures.adjudicated) == (140, 0)


def test_too_few_are_not_measured_and_json_says_so(planned: Callable[..., Store]) -> None:
    store = planned({"Aus bus": 4})
    nobody = review_figures(store)
    assert review_in_words(nobody) == ["Nobody has judged anything, of 4 specimens."]
    lab_plan.write(store.location, list(map(str, store.rows.index)))
    told = json.loads(json.dumps(review_figures(store).to_json()))
    assert told["everything"]["alpha"] == {
        "value": None, "low": None, "high": None, "n": 4, "not_measured": "4 of the 10 needed",
    }  # fmt: skip


def said(reviewer: str, image_id: str, decision: str = "accept") -> Verdict:
    return Verdict(image_id, "Aus bus", reviewer, decision, Comparison(0.6, "mean", "gradcam", ()))  # type: ignore[arg-type]


def test_who_asks_sees_only_what_they_have_judged(planned: Callable[..., Store]) -> None:
    store = planned({"Aus bus": 4})
    ids = list(map(str, store.rows.index))
    for reviewer, decision in (("Ada", "accept"), ("Bo", "reject"), ("Cy", "unsure")):
        for image_id in ids[: 1 if reviewer == "Cy" else 4]:
            ReviewLog(store.location, reviewer).append(said(reviewer, image_id, decision))
    assert review_figures(store).disagreements == {"the decision": 4}
    asked = review_figures(store, reviewer="Cy")
    assert (asked.judged, asked.disagreements, asked.open) == (1, {"the decision": 1}, 1)
    assert [one.reviewer for one in asked.reviewers] == ["Cy"]
    stranger = review_figures(store, reviewer="Eve")
    assert (stranger.judged, stranger.disagreements, stranger.by_reviewers) == (0, {}, [])
    assert review_in_words(stranger)[0] == "Eve has judged nothing, of 4 specimens."


def test_adjudications_are_counted_and_opened_again_by_a_changed_verdict(planned: Callable[..., Store]) -> None:
    store = planned({"Aus bus": 2})
    one, two = map(str, store.rows.index)
    logs = {name: ReviewLog(store.location, name) for name in ("Ada", "Bo", "Dee")}
    for image_id in (one, two):
        logs["Ada"].append(said("Ada", image_id))
        logs["Bo"].append(said("Bo", image_id, "reject"))
        known = [v for v in latest(read_verdicts(store.location)).values() if v.image_id == image_id]
        logs["Dee"].append(adjudicate(said("Dee", image_id), known))
    done = review_figures(store)
    assert (done.adjudicated, done.outdated, done.open) == (2, 0, 0)
    logs["Ada"].append(replace(said("Ada", one, "unsure"), revision=1))
    changed = review_figures(store)
    assert (changed.adjudicated, changed.outdated, changed.open) == (2, 1, 1)
    assert "2 adjudicated (1 of them before a verdict changed), 1 open." in review_in_words(changed)[1]


def test_a_specimen_that_left_the_collection_is_said(planned: Callable[..., Store], tmp_path: Path) -> None:
    store = planned({"Aus bus": 2})
    ReviewLog(store.location, "Ada").append(said("Ada", "gone-1"))
    assert "1 judged specimen no longer in the collection" in " ".join(
        review_in_words(replace(review_figures(store), judged=1))
    )
