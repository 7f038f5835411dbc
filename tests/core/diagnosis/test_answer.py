"""The answer about specimens whose only difference is known: found, and nothing else; and said when it is not sure."""

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from finercam_flows.cli import app
from PIL import Image
from spotted import SPECIES, spotted_classifier, spotted_collection, spotted_store
from typer.testing import CliRunner

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.findings import ToldApart
from finercam_core.diagnosis.names import store_name
from finercam_core.diagnosis.picture import mean_specimen
from finercam_core.diagnosis.places import by_part
from finercam_core.diagnosis.records.statements import linked, measurements, record, statements
from finercam_core.diagnosis.rule import passes_statistics, reasons_against
from finercam_core.diagnosis.sentences import distrust, first_sentence, five_lines
from finercam_core.diagnosis.several import agreements
from finercam_core.diagnosis.survey import survey, survey_table
from finercam_core.diagnosis.with_model.causal import PASSES, causal_check
from finercam_core.errors import ComparisonError, FinercamError
from finercam_core.explain import Classifier
from finercam_core.explain.folds import FoldHeads
from finercam_core.parts.lists import ImageLists, ListedImage
from finercam_core.parts.part import Part
from finercam_core.report import report
from finercam_core.report.answers import AtlasAnswers
from finercam_core.store import Store, open_store

PAIRS = {("Aus bus", "Aus cus"): "tail spot", ("Dus eus", "Dus fus"): "stripe"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("spotted")
    return spotted_store(spotted_collection(folder), folder / "maps.zarr")


@pytest.fixture(scope="module")
def diagnosis(store: Store) -> Diagnosis:
    return Diagnosis(store, check=causal_check(store, spotted_classifier()))


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
    assert found.test.place.name == "middle right of the specimen"
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


def test_a_missing_check_is_said_only_where_a_place_would_be_checked(store: Store, diagnosis: Diagnosis) -> None:
    assert any("no causal check was made" in said for said in distrust(Diagnosis(store).answer("Aus bus", "Aus cus")))
    # The classifier is here, and there is nothing to check: no advice to give it.
    assert not any("--classifier" in said for said in distrust(diagnosis.answer("Aus cus", "Dus fus")))


def test_a_share_that_no_other_pair_can_judge_is_said_to_be_unmeasured(store: Store) -> None:
    alone = Diagnosis(store)
    alone.pairs = [("Aus bus", "Aus cus")]
    answer = alone.answer("Aus bus", "Aus cus")
    assert answer.worded("suggested")
    assert any("pairs of other species have as much of it was not measured" in said for said in distrust(answer))
    full = Diagnosis(store).answer("Aus bus", "Aus cus")
    assert not any("was not measured" in said for said in distrust(full))


def test_what_was_not_measured_is_not_passed(store: Store) -> None:
    """With every other check passed, a prior that no other pair gives leaves the finding suggested, and says so."""
    alone = Diagnosis(store, check=causal_check(store, spotted_classifier()))
    alone.pairs = [("Aus bus", "Aus cus")]
    answer = alone.answer("Aus bus", "Aus cus")
    assert not answer.worded("supported")
    (found,) = answer.worded("suggested")
    assert found.test.place.name == "tail spot"
    assert found.causal is not None
    assert found.reasons == (
        "whether pairs of other species have as much of it was not measured: none is told apart here",
    )


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


def test_pictures_say_how_many_photographs_cannot_be_read(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr")
    ids = list(store.rows.loc[store.rows["scientificName"] == "Aus bus", "image_id"])
    assert mean_specimen(store, ids, "Aus cus").counted == "mean of 8 specimens"
    for image_id in ids[:2]:
        (tmp_path / "images" / f"{image_id}.png").unlink()
    assert mean_specimen(store, ids, "Aus cus").counted == "mean of 6 specimens (2 more cannot be read)"


def test_a_species_page_names_those_it_was_not_compared_with_both_ways(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr", references=2)
    both = Diagnosis(store).pairs
    one_way = next(
        (a, b) for a in store.species for b in store.classes(a)[1:] if (min(a, b), max(a, b)) not in both
    )  # fmt: skip
    answers = AtlasAnswers(Diagnosis(store))
    for own, other in (one_way, one_way[::-1]):
        said = [str(note.sentence) for note in answers.of_species(own)]
        expected = f'Not measured against <i class="name">{other}</i>: the two were not compared in both directions.'
        assert expected in said
        assert not any(sentence.startswith("Not measured") for sentence in said[:-1])


def test_a_photograph_that_is_gone_is_left_out_of_the_check_and_named(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr")
    (tmp_path / "images" / "Aus_bus-00-0.png").unlink()
    answer = Diagnosis(store, check=causal_check(store, spotted_classifier())).answer("Aus bus", "Aus cus")
    assert [one.test.place.name for one in answer.worded("supported")] == ["tail spot"]
    assert set(answer.left_out) == {"Aus_bus-00-0"}
    assert answer.left_out["Aus_bus-00-0"].startswith("not in the causal check")
    assert any("1 specimen could not be used" in said for said in distrust(answer))


def test_another_classifier_is_refused_for_the_check(store: Store) -> None:
    with pytest.raises(FinercamError, match="give the classifier that made the store"):
        causal_check(store, spotted_classifier(weight=10.0))


def test_over_all_pairs_q_is_no_smaller_than_p(store: Store) -> None:
    table = survey_table(survey(Diagnosis(store)))
    assert len(table.groupby(["species", "reference"])) == 6
    assert (table["q"] >= table["p"] - 1e-12).all()
    assert set(table.loc[table["q"] >= 0.05, "word"]) <= {"not supported"}
    told = table[(table["species"] == "Aus bus") & (table["reference"] == "Aus cus")]
    assert set(told.loc[told["word"] == "suggested", "place"]) >= {"tail spot"}


def test_several_classifiers_agree_or_not(store: Store, tmp_path: Path) -> None:

    blind = spotted_classifier()
    with torch.no_grad():
        blind.model.head.weight[1] = blind.model.head.weight[0]  # type: ignore[union-attr, operator, index]
    other = spotted_store(spotted_collection(tmp_path), tmp_path / "blind.zarr", blind)
    first = Diagnosis(store)
    agreed = agreements(first, [Diagnosis(store), Diagnosis(other)], "Aus bus", "Aus cus")
    assert str(agreed["tail spot"]) == "2 of 3 classifiers"
    seen = Diagnosis(store, check=causal_check(store, spotted_classifier())).answer(
        "Aus bus", "Aus cus", agreement=agreed
    )
    assert "the tail spot: supported, p = 0.00" in first_sentence(seen)
    assert "found by 2 of 3 classifiers" in first_sentence(seen)
    assert "the tail spot: found by 2 of 3 classifiers, not by all" in distrust(seen)
    assert not any("one classifier was asked" in said for said in distrust(seen))
    blind_first = Diagnosis(other)
    turned = agreements(blind_first, [first, Diagnosis(store)], "Aus bus", "Aus cus")
    missed = blind_first.answer("Aus bus", "Aus cus", agreement=turned)
    assert "the tail spot: not found by this classifier, but by 2 of 3 classifiers" in distrust(missed)
    test = next(one for one in first.comparison("Aus bus", "Aus cus").tests if one.place.name == "tail spot")
    assert passes_statistics(test)
    unasked = Diagnosis(other)
    unasked.asked = replace(unasked.asked, rows=unasked.asked.rows.iloc[:0])
    with pytest.raises(ComparisonError, match=r"the witness .*blind.zarr cannot be asked: no specimen of Aus bus"):
        agreements(first, [unasked], "Aus bus", "Aus cus")


def test_pages_say_how_many_classifiers_find_it(store: Store, tmp_path: Path) -> None:
    blind = spotted_classifier()
    with torch.no_grad():
        blind.model.head.weight[1] = blind.model.head.weight[0]  # type: ignore[union-attr, operator, index]
    other = spotted_store(spotted_collection(tmp_path), tmp_path / "blind.zarr", blind)
    answers = AtlasAnswers(Diagnosis(store), [Diagnosis(store), Diagnosis(other)])
    note = answers.of_pair("Aus bus", "Aus cus")
    assert "found by 2 of 3 classifiers" in note.sentence
    assert "the classifier tells the two apart in 16" in note.sure
    assert "That is no proof that they are alike there." in note.rest
    alone = Diagnosis(other)
    alone.asked = replace(alone.asked, rows=alone.asked.rows.iloc[:0])
    assert "classifiers" not in AtlasAnswers(Diagnosis(store), [alone]).of_pair("Aus bus", "Aus cus").sentence


def test_a_cross_fitted_classifier_is_asked_fold_by_fold(tmp_path: Path) -> None:
    """Three heads see the spot and one does not: the finding is made in three of four folds, and said so."""
    manifest, plain = spotted_collection(tmp_path, split=""), spotted_classifier()
    head = plain.model.head
    weight, bias = (torch.stack([values.detach().clone() for _ in range(4)]) for values in (head.weight, head.bias))
    weight[3, 1] = weight[3, 0] + 1e-3
    images = [
        ListedImage(f"{name.replace(' ', '_')}-{i:02d}-0", name, f"{name}-{i}", Part.TEST, i % 4)
        for name in SPECIES
        for i in range(8)
    ]
    crossed = Classifier(
        plain.model, SPECIES, target_layer="features", preparation=plain.preparation, name="spotted",
        heads=FoldHeads(weight, bias), lists=ImageLists(tuple(images), "spotted"),
    )  # fmt: skip
    store = spotted_store(manifest, tmp_path / "maps.zarr", crossed)
    answer = Diagnosis(store, check=causal_check(store, crossed)).answer("Aus bus", "Aus cus")
    found = next(one for one in answer.findings if one.test.place.name == "tail spot")
    assert str(found.test.folds) == "3 of 4 folds"
    assert found.word == "supported"
    assert answer.by_lists
    assert "cross-fitting" in answer.basis


def test_names_are_found_or_suggested(store: Store) -> None:
    assert store_name(store, "aus  BUS") == "Aus bus"
    assert store_name(store, "cus") == "Aus cus"
    with pytest.raises(ComparisonError, match="perhaps Dus eus"):
        store_name(store, "Dus eius")
    with pytest.raises(ComparisonError, match="is no species of this store"):
        store_name(store, "Homo sapiens")


def test_records_are_json_and_hold_the_same(diagnosis: Diagnosis) -> None:
    answer = diagnosis.answer("Aus bus", "Aus cus")
    content = json.loads(json.dumps([record(answer), statements(answer), measurements(answer), linked(answer)]))
    words = {row["place"]: row["word"] for row in content[0]["findings"]}
    assert words["tail spot"] == "supported"
    assert content[1][0]["quality"] == "PATO:0000001"
    assert content[2][0]["measurementUnit"] == "logit"
    assert content[3]["@type"] == "schema:Dataset"


def test_pages_say_the_answer_first(store: Store, tmp_path: Path) -> None:
    report(store.location, tmp_path / "atlas")
    pair = (tmp_path / "atlas" / "pairs" / "Aus_bus--vs--Aus_cus.html").read_text(encoding="utf-8")
    sentence = (
        '<i class="name">Aus bus</i> differs from <i class="name">Aus cus</i> at the tail spot: suggested, p = 0.0001'
    )
    assert pair.index(sentence) < pair.index("<figure")
    drawn = re.search(r'<img class="mean" src="data:image/png;base64,([^"]+)"', pair)
    assert drawn is not None
    with Image.open(io.BytesIO(base64.b64decode(drawn[1]))) as picture:
        assert (np.asarray(picture.convert("L"))[:5] == 255).all()  # the headings keep off its upper edge
    species = (tmp_path / "atlas" / "species" / "Aus_bus.html").read_text(encoding="utf-8")
    assert sentence in species
    alike = (tmp_path / "atlas" / "pairs" / "Aus_cus--vs--Dus_fus.html").read_text(encoding="utf-8")
    assert "no finding, as the classifier does not tell them apart" in alike


def test_ask_prints_five_lines_and_draws(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spotted_model.py").write_text("from spotted import SPECIES, spotted_classifier\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    said = CliRunner().invoke(
        app, ["ask", store.location, "bus", "Aus cus", "--classifier", "spotted_model:spotted_classifier",
              "--out", str(tmp_path / "answers")],
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    lines = said.output.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["What differs", "How sure", "What not", "Distrust", "Picture"]
    assert "Aus bus differs from Aus cus at the tail spot: supported, p = 0.00" in lines[0]
    stem = tmp_path / "answers" / "Aus_bus--vs--Aus_cus"
    assert sorted(path.name.removeprefix(stem.name) for path in stem.parent.iterdir()) == [
        ".coco.json", ".json", ".jsonld", ".png",
    ]  # fmt: skip
    assert open_store(store.location).location == store.location


def test_parts_named_on_a_few_specimens_are_carried_to_the_others(tmp_path: Path) -> None:
    manifest = spotted_collection(tmp_path)
    for mask in (tmp_path / "masks").glob("*-0[3-7]-0.png"):  # three specimens of each species keep theirs
        mask.unlink()
    store = spotted_store(manifest, tmp_path / "maps.zarr")
    diagnosis = Diagnosis(store, check=causal_check(store, spotted_classifier()))
    answer = diagnosis.answer("Aus bus", "Aus cus")
    assert [one.test.place.name for one in answer.worded("supported")] == ["tail spot"]
    assert "of 10 specimens carried from others" in answer.aligned
    assert any("carried from others, landmark error" in line for line in five_lines(answer, ""))
    assert diagnosis.places("Aus bus").error < 0.1


def test_the_error_of_carried_parts_is_not_none_where_it_cannot_be_measured(tmp_path: Path) -> None:
    """Parts of one species are carried from a single named specimen, which cannot be held out; the other has masks."""
    manifest = spotted_collection(tmp_path, 3)
    for i in (1, 2):
        (tmp_path / "masks" / f"Aus_bus-{i:02d}-0.png").unlink()
    store = spotted_store(manifest, tmp_path / "maps.zarr")
    for pair in (("Aus bus", "Aus cus"), ("Aus cus", "Aus bus")):
        aligned = Diagnosis(store).answer(*pair).aligned
        assert "of 2 specimens carried from others, landmark error not measured" in aligned
