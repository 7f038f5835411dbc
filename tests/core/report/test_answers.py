"""What a pair's page says where there is no answer: why, never nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from spotted import spotted_collection, spotted_store

from finercam_core.diagnosis import Diagnosis
from finercam_core.report.answers import AtlasAnswers
from finercam_core.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder: Path = tmp_path_factory.mktemp("spotted")
    return spotted_store(spotted_collection(folder, 2), folder / "maps.zarr")


def test_a_species_without_specimens_to_ask_is_named(store: Store) -> None:
    diagnosis = Diagnosis(store)
    rows = diagnosis.asked.rows
    # What `asked` holds is kept, so that this is what every question sees.
    diagnosis.asked = replace(diagnosis.asked, rows=rows[rows["scientificName"] != "Aus cus"])
    answers = AtlasAnswers(diagnosis)
    assert "Not measured: no specimen of Aus cus is among those asked" in answers.of_pair("Aus cus", "Aus bus").sentence
    assert "Not measured" not in answers.of_pair("Aus bus", "Dus eus").sentence


def test_a_split_without_specimens_is_said_on_every_pair(store: Store) -> None:
    answers = AtlasAnswers(Diagnosis(store, split="train"))
    assert not answers.by_pair
    sentence = answers.of_pair("Aus bus", "Aus cus").sentence
    assert sentence.startswith("Not measured: ")
    assert "train" in sentence
    assert [note.sentence for note in answers.of_species("Aus bus")] == [sentence]


def test_a_pair_compared_in_one_direction_is_said_to_be(store: Store) -> None:
    diagnosis = Diagnosis(store)
    diagnosis.pairs = [pair for pair in diagnosis.pairs if pair != ("Aus bus", "Aus cus")]
    sentence = AtlasAnswers(diagnosis).of_pair("Aus bus", "Aus cus").sentence
    assert sentence == "Not measured: the two were not compared in both directions."


def test_a_species_page_says_that_nothing_was_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finercam_core.report.answers.PICTURED", 0)
    store = spotted_store(spotted_collection(tmp_path, 2, masks=False), tmp_path / "maps.zarr")
    (note,) = AtlasAnswers(Diagnosis(store)).of_species("Aus bus")
    assert note.sentence.startswith("Not asked here: without trait masks")
