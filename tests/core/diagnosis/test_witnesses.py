"""Several classifiers, or the folds of one, are asked: how many find it is said, and who cannot be asked is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from spotted import SPECIES, spotted_classifier, spotted_collection, spotted_store

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.rule import passes_statistics
from finercam_core.diagnosis.sentences import distrust, first_sentence
from finercam_core.diagnosis.several import agreements
from finercam_core.diagnosis.with_model.causal import causal_check
from finercam_core.errors import ComparisonError, FinercamError
from finercam_core.explain import Classifier
from finercam_core.explain.folds import FoldHeads
from finercam_core.parts.lists import ImageLists, ListedImage
from finercam_core.parts.part import Part
from finercam_core.report.answers import AtlasAnswers
from finercam_core.store import Store


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


def test_another_classifier_is_refused_for_the_check(store: Store) -> None:
    with pytest.raises(FinercamError, match="give the classifier that made the store"):
        causal_check(store, spotted_classifier(weight=10.0))
