"""The review above a baseline: map, region, draft, verdict, exports and undo say it; what is not known is said."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from napari_finercam.session import captions
from napari_finercam.session.regions import FIRST
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget
from pycocotools.coco import COCO

from finercam_core.baselines import BASELINES
from finercam_core.export import export
from finercam_core.finer import coefficients
from finercam_core.regions.rle import decode
from finercam_core.regions.threshold import region
from finercam_core.review import read_verdicts
from finercam_core.review.intake import ComparisonForm, RegionForm, checked_regions
from finercam_core.store import open_store
from finercam_core.store.backgrounds import Backgrounds


@pytest.fixture
def session(small_store: Path) -> ReviewSession:
    """One look-alike alone, whose specimens are in the store."""
    session = ReviewSession(small_store, "A")
    session.use(["Aus cus"])
    return session


@pytest.mark.parametrize("baseline", BASELINES)
def test_the_map_is_that_of_the_formula_at_any_gamma(session: ReviewSession, baseline: str) -> None:
    record, backgrounds = session.specimen.record, Backgrounds(open_store(session.store.location))
    assert record is not None
    for gamma in (0.6, 1.7):
        session.gamma = gamma
        session.set_above(baseline)  # type: ignore[arg-type]
        weights = coefficients(record.logit, record.log_sum_exp, gamma=gamma, use=session.specimen.used)
        expected = backgrounds.above(record, weights, gamma, baseline)  # type: ignore[arg-type]
        np.testing.assert_array_equal(session.comparison.grid_map(session.specimen, signed=True), expected.values)
        made = session.comparison_made()
        assert (made.above, made.above_mean, made.gamma) == (baseline, expected.mean, gamma)


def test_what_was_cut_above_a_baseline_says_so_everywhere(session: ReviewSession, tmp_path: Path) -> None:
    plain = session.regions.mask.copy()
    session.set_above("both")
    cut = region(session.comparison.image_map(session.specimen), top=session.threshold.share)
    np.testing.assert_array_equal(session.regions.mask, cut)
    assert (cut != plain).any(), "the look-alike's specimens change where the largest values are"
    image_id, mean = session.specimen.image_id, session.comparison_made().above_mean
    session.note = "above both"
    session.save_draft()
    draft = session.draft_of(image_id)
    assert draft is not None
    assert draft.regions[0].comparison == session.comparison_made()
    session.decide("accept")
    session.set_above("none")
    (verdict,) = read_verdicts(session.store.location)
    (kept,) = verdict.regions
    assert kept.comparison is not None
    assert (kept.comparison.above, kept.comparison.above_mean, verdict.comparison.above) == ("both", mean, "both")
    np.testing.assert_array_equal(decode(kept.rle), cut)
    export(session.store, tmp_path / "coco")
    (found,) = COCO(tmp_path / "coco" / "annotations.json").anns.values()
    assert (found["attributes"]["above"], found["attributes"]["above_mean"]) == ("both", mean)
    export(session.store, tmp_path / "csv", format="csv")
    with (tmp_path / "csv" / "measurements.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["above"], float(row["above_mean"])) == ("both", mean)


def test_undo_brings_back_a_region_with_its_baseline(session: ReviewSession) -> None:
    session.set_above("mean")
    before = session.comparison_made()
    painted = session.regions.labels.copy()
    painted[:4] = FIRST
    assert session.paint(painted)
    session.set_above("quantile")
    assert session.regions.properties[FIRST].comparison == before, "it was painted on the map above its mean"
    assert session.undo()
    assert session.regions.properties[FIRST].comparison == before
    assert session.redo()
    assert session.regions.properties[FIRST].comparison == before
    line = captions.region_line(FIRST, session.regions.properties[FIRST], session.comparison_made())
    assert line.endswith("against Aus cus, above mean")


@pytest.mark.parametrize(
    ("asked", "left"), [("both", "mean"), ("sharp", "quantile"), ("look-alike", "none"), ("mean", "mean")]
)
def test_a_background_that_is_not_known_is_said_never_left_out_in_silence(
    session: ReviewSession, asked: str, left: str
) -> None:
    session.use(["Aus dus"])  # of which the store has no specimen
    session.set_above(asked)  # type: ignore[arg-type]
    shown, made = session.comparison.shown(session.specimen), session.comparison_made()
    assert (shown.baseline, made.above) == (left, left), "the record is of the map that was shown"
    state = captions.baseline_state(shown)
    if asked == left:
        assert shown.missing == ""
        assert state.startswith("The map is shown above its own mean of ")
    else:
        assert state.startswith(
            "No specimen of Aus dus was compared with Aus bus, so that its background is not known: "
        )
    session.gamma = 0
    if asked != left:
        state = captions.baseline_state(session.comparison.shown(session.specimen))
        assert state.startswith("The map of one species alone has no look-alike's background: ")


def test_a_plain_map_says_nothing(session: ReviewSession) -> None:
    assert captions.baseline_state(session.comparison.shown(session.specimen)) == ""
    assert session.comparison_made() == replace(session.comparison_made(), above="none", above_mean=None)


def test_a_browser_gives_a_region_back_with_its_baseline(session: ReviewSession) -> None:
    """A page does not cut such a region anew: it carries it, and what is known of it stays."""
    session.set_above("both")
    verdict = session.decide("accept")
    (kept,) = verdict.regions
    whole = decode(kept.rle)
    flat = whole.ravel(order="F")
    turns = np.flatnonzero(np.diff(flat.view(np.int8), prepend=0))
    counts = np.diff(np.concatenate([[0], turns, [flat.size]])).tolist()
    form = RegionForm.model_validate({
        "rle": {"size": whole.shape, "counts": counts}, "source": "painted", "number": 1
    })  # fmt: skip
    shown = ComparisonForm(gamma=0.6, method="gradcam", references=("Aus cus",))
    (back,) = checked_regions(session.store, verdict.image_id, [form], shown, strict=True, known=verdict.regions)
    assert back.comparison == kept.comparison
    assert json.dumps(back.rle) == json.dumps(kept.rle)


def test_the_panel_offers_baselines_and_says_what_the_map_is(widget: ReviewWidget) -> None:
    panel, session = widget.page.comparison, widget.workbench.session
    assert session is not None
    assert [panel.above.itemText(i) for i in range(panel.above.count())] == list(BASELINES)
    assert panel.above.currentText() == "none"
    assert not panel.baseline.isVisibleTo(panel)
    panel.above.setCurrentText("mean")
    assert session.comparison_made().above == "mean"
    assert panel.baseline.isVisibleTo(panel)
    assert panel.baseline.text().startswith("The map is shown above its own mean of ")
    panel.above.setCurrentText("both")  # against all references, of two of which there is no specimen
    assert "is not known: the map is shown above its own mean of " in panel.baseline.text()
    panel.above.setCurrentText("none")
