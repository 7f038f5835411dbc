"""The answer about specimens whose only difference is known: found, and nothing else; and said when it is not sure."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from spotted import spotted_classifier, spotted_collection, spotted_store

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.findings import CausalEffect, ToldApart
from finercam_core.diagnosis.places import by_part
from finercam_core.diagnosis.rule import reasons_against, word_for
from finercam_core.diagnosis.sentences import distrust, first_sentence, five_lines, sureness
from finercam_core.diagnosis.with_model.causal import PASSES, causal_check
from finercam_core.store import Store

PAIRS = {("Aus bus", "Aus cus"): "tail spot", ("Dus eus", "Dus fus"): "stripe"}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_mark_is_supported_and_nothing_else(diagnosis: Diagnosis, pair: tuple[str, str]) -> None:
    """Also what the marks lie on, and what touches them, is lit in the maps: only the exchange tells them apart."""
    answer = diagnosis.answer(*pair)
    assert [one.test.place.name for one in answer.worded("supported")] == [PAIRS[pair]]
    assert not answer.worded("suggested")
    assert answer.passes <= PASSES
    (found,) = answer.worded("supported")
    assert found.test.on == pair[0]
    assert found.causal is not None
    assert found.causal.low > 0


def test_parts_add_up_to_the_margin(store: Store) -> None:
    places = by_part(store, store.rows[store.rows["scientificName"] == "Aus bus"])
    difference = places.difference("Aus cus")
    assert difference is not None
    bias = -2.0  # of the two logits
    # Evidence is stored in float16: each of the 60 cells to 2⁻¹¹ of its value.
    np.testing.assert_allclose(difference.sum(1) + bias, places.margins("Aus cus"), rtol=1e-3)


def test_pairs_that_nothing_tells_apart_have_no_finding(diagnosis: Diagnosis) -> None:
    answer = diagnosis.answer("Aus cus", "Dus fus")
    assert {one.word for one in answer.findings} == {"not supported"}
    assert "no finding, as the classifier does not tell them apart" in first_sentence(answer)


def test_without_masks_the_region_lies_on_the_mark(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path, masks=False), tmp_path / "maps.zarr")
    answer = Diagnosis(store, check=causal_check(store, spotted_classifier())).answer("Aus bus", "Aus cus")
    (found,) = answer.worded("supported")
    cells = found.test.place.cells
    assert cells is not None
    # The spot lies 15 of the 26 pixels from the centre to the tail.
    ys, xs = np.nonzero(cells)
    assert abs(ys.mean() - (len(cells) - 1) / 2) < 1.5
    assert found.test.place.name == "middle right of the specimen as pictured"
    assert any("as if photographed from the same side" in said for said in distrust(answer))
    assert xs.mean() > len(cells) / 2


def test_a_bar_beside_the_specimen_is_a_shortcut_and_never_a_character(tmp_path: Path) -> None:
    manifest = spotted_collection(tmp_path, shortcut="Aus bus", disguise=True)
    store = spotted_store(manifest, tmp_path / "maps.zarr")
    answer = Diagnosis(store, check=causal_check(store, spotted_classifier())).answer("Aus bus", "Aus cus")
    assert [one.test.place.kind for one in answer.worded("supported", shortcut=True)] == ["outside"]
    assert not answer.worded("supported")
    assert not answer.worded("suggested")
    assert "Shortcut" in first_sentence(answer)
    assert "logits of its lead at the ground outside the specimen" in sureness(answer)


def test_training_images_support_nothing_and_it_is_said(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path, 5, split=""), tmp_path / "maps.zarr")
    answer = Diagnosis(store, check=causal_check(store, spotted_classifier())).answer("Aus bus", "Aus cus")
    assert not answer.worded("supported")
    assert [one.test.place.name for one in answer.worded("suggested")] == ["tail spot"]
    assert "not held out" in first_sentence(answer)
    assert any("whether any of these was trained on is unknown" in line for line in five_lines(answer, ""))


def test_two_specimens_cannot_show_anything_and_it_is_said(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path, 2), tmp_path / "maps.zarr")
    answer = Diagnosis(store).answer("Aus bus", "Aus cus")
    assert {one.word for one in answer.findings} == {"not supported"}
    assert answer.smallest_p == pytest.approx(1 / 3)
    assert any("no p below 0.33 is possible" in line for line in five_lines(answer, ""))


def test_twice_the_photographs_are_not_twice_the_specimens(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path, 2, photographs=4), tmp_path / "maps.zarr")
    answer = Diagnosis(store).answer("Aus bus", "Aus cus")
    assert (answer.n_a, answer.n_b) == (2, 2)
    assert answer.smallest_p == pytest.approx(1 / 3)


def test_without_the_model_a_finding_is_suggested_at_most(store: Store) -> None:
    answer = Diagnosis(store).answer("Aus bus", "Aus cus")
    assert not answer.worded("supported")
    assert "tail spot" in {one.test.place.name for one in answer.worded("suggested")}
    assert answer.passes == 0


def test_what_was_not_measured_is_not_passed(store: Store) -> None:
    """With every other check passed, a prior that no other pair gives leaves the finding suggested, and says so."""
    alone = Diagnosis(store, check=causal_check(store, spotted_classifier()))
    alone.pairs = [("Aus bus", "Aus cus")]
    answer = alone.answer("Aus bus", "Aus cus")
    assert not answer.worded("supported")
    (found,) = answer.worded("suggested")
    assert found.test.place.name == "tail spot"
    assert found.causal is not None
    assert "logits of its lead at the tail spot" in sureness(answer), "the exchange is measured, and is not denied"
    unmeasured = replace(answer, findings=tuple(replace(one, causal=None) for one in answer.findings))
    assert "could not be measured" in sureness(unmeasured)
    assert found.reasons == (
        "whether pairs of other species have as much of it was not measured: none is told apart here",
    )


def test_an_effect_is_not_rounded_to_the_quarter_that_it_misses(store: Store) -> None:
    test = next(one for one in Diagnosis(store).comparison("Aus bus", "Aus cus").tests if one.place.kind == "part")
    for share, said in ((0.2496, ["its effect is 24% of the pair's largest, less than 25%"]), (0.25, [])):
        against, _ = reasons_against(
            replace(test, p=0.001, density=2.0, evidence=1.0), ToldApart(16, 16, 0.8, 1.0, 0.001), held_out=True,
            densest=2.0, causal=CausalEffect(1.0, 0.5, 1.5, 0.001, 1.0, share, 8),
        )  # fmt: skip
        assert against == said


def test_a_place_that_nothing_on_the_specimen_is_like_has_no_effect(store: Store) -> None:
    """The unlabelled body is most of the specimen: no control lies elsewhere on it, which is no effect of zero."""
    check = causal_check(store, spotted_classifier())
    a, b = (list(store.rows.loc[store.rows["scientificName"] == name, "image_id"]) for name in ("Aus bus", "Aus cus"))
    tests = Diagnosis(store).comparison("Aus bus", "Aus cus").tests
    body = next(one for one in tests if one.place.kind == "body")
    outcome = check("Aus bus", "Aus cus", a, b, [body])
    assert not outcome.effects
    assert "fewer than 5 specimens" in outcome.unmeasured[body.place]
    against, missing = reasons_against(
        replace(body, p=0.001, density=2.0), ToldApart(16, 16, 0.8, 1.0, 0.001), held_out=True, densest=2.0,
        causal=None, unmeasured=outcome.unmeasured[body.place],
    )  # fmt: skip
    assert not against
    assert "not measured" in missing[0]


@pytest.mark.parametrize(
    ("outside", "word"), [(0.0, "suggested"), (0.19, "suggested"), (0.2, "not supported"), (1.1, "not supported")]
)
def test_where_an_object_tells_species_apart_no_place_is_taken_on_trust(
    store: Store, outside: float, word: str
) -> None:
    """An object's evidence reaches as far as the receptive field: onto the specimens, where nothing differs."""
    test = next(one for one in Diagnosis(store).comparison("Aus bus", "Aus cus").tests if one.place.kind == "part")
    told, strong = (
        ToldApart(16, 16, 0.8, 1.0, 0.001),
        replace(test, p=0.001, density=2.0, evidence=1.0, usual=0.0, share=0.5),
    )
    words = reasons_against(strong, told, held_out=True, densest=2.0, causal=None, outside=outside)
    assert word_for(*words) == word
    effect = CausalEffect(1.0, 0.5, 1.5, 0.001, 1.0, 1.0, 8)
    checked = reasons_against(strong, told, held_out=True, densest=2.0, causal=effect, outside=outside)
    assert word_for(*checked) == "supported", "what was checked stands by itself"


def test_without_a_model_a_bar_makes_no_character_either(tmp_path: Path) -> None:
    manifest = spotted_collection(tmp_path, shortcut="Aus bus", disguise=True)
    answer = Diagnosis(spotted_store(manifest, tmp_path / "maps.zarr")).answer("Aus bus", "Aus cus")
    assert not answer.worded("supported")
    assert not answer.worded("suggested")
    assert [one.test.place.kind for one in answer.worded("suggested", shortcut=True)] == ["outside"]
