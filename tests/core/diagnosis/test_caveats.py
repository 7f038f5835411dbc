"""What an answer says against itself: checks that were not made, places not measured, photographs that are gone."""

from pathlib import Path

import pytest
import torch
from spotted import spotted_classifier, spotted_collection, spotted_store

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.aligned_specimens import AlignedSpecimens
from finercam_core.diagnosis.picture import mean_specimen
from finercam_core.diagnosis.sentences import distrust, five_lines
from finercam_core.diagnosis.with_model.causal import causal_check
from finercam_core.store import Store


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


@pytest.mark.parametrize(("bias", "right"), [(1.5, 0), (0.5, 8)])
def test_a_classifier_that_is_often_wrong_among_all_species_is_said(tmp_path: Path, bias: float, right: int) -> None:
    """It tells *Aus cus* from *Aus bus* every time, also where it takes all of them for *Dus fus*."""
    classifier = spotted_classifier()
    with torch.no_grad():
        classifier.model.head.bias[3] = bias  # type: ignore[union-attr, operator, index]
    store = spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr", classifier)
    answer = Diagnosis(store).answer("Aus bus", "Aus cus")
    assert (answer.told_apart.right, answer.told_apart.n) == (16, 16)
    assert answer.among_all == {"Aus bus": (8, 8), "Aus cus": (right, 8)}
    said = "among all species the classifier is right on 0 of 8 photographs of Aus cus: it is often wrong"
    assert (said in distrust(answer)) == (right == 0)
    assert any("often wrong" in line for line in five_lines(answer, "")) == (right == 0)


def test_pictures_say_how_many_photographs_cannot_be_read(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr")
    ids = list(store.rows.loc[store.rows["scientificName"] == "Aus bus", "image_id"])
    assert mean_specimen(AlignedSpecimens(store), ids, "Aus cus").counted == "mean of 8 specimens"
    for image_id in ids[:2]:
        (tmp_path / "images" / f"{image_id}.png").unlink()
    assert (
        mean_specimen(AlignedSpecimens(store), ids, "Aus cus").counted == "mean of 6 specimens (2 more cannot be read)"
    )


def test_a_photograph_that_is_gone_is_left_out_of_the_check_and_named(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr")
    (tmp_path / "images" / "Aus_bus-00-0.png").unlink()
    answer = Diagnosis(store, check=causal_check(store, spotted_classifier())).answer("Aus bus", "Aus cus")
    assert [one.test.place.name for one in answer.worded("supported")] == ["tail spot"]
    assert set(answer.left_out) == {"Aus_bus-00-0"}
    assert answer.left_out["Aus_bus-00-0"].startswith("not in the causal check")
    assert any("1 specimen could not be used" in said for said in distrust(answer))
