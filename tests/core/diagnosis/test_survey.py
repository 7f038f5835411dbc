"""A survey of all pairs: q over them; pairs without an answer are named with the reason, wherever answers are told."""

from pathlib import Path

from finercam_flows.start.answers import pair_sentences
from spotted import spotted_collection, spotted_store

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.survey import survey, survey_table, unanswered
from finercam_core.store import Store


def test_a_species_without_masks_has_no_answer_and_that_is_said(tmp_path: Path) -> None:
    manifest = spotted_collection(tmp_path, 2)
    for mask in (tmp_path / "masks").glob("Dus_fus-*.png"):
        mask.unlink()
    store = spotted_store(manifest, tmp_path / "maps.zarr")
    diagnosis = Diagnosis(store)
    answers = survey(diagnosis)
    reasons = unanswered(diagnosis, answers)
    assert set(reasons) == {(name, "Dus fus") for name in ("Aus bus", "Aus cus", "Dus eus")}
    assert len(answers) + len(reasons) == len(diagnosis.pairs)
    sentences = list(pair_sentences(store.location).values())
    assert len(sentences) == len(diagnosis.pairs)
    assert [one for one in sentences if "not measured" in one] == sentences[-3:]
    assert "no specimen of its species has a trait mask" in sentences[-1]


def test_over_all_pairs_q_is_no_smaller_than_p(store: Store) -> None:
    table = survey_table(survey(Diagnosis(store)))
    assert len(table.groupby(["species", "reference"])) == 6
    assert (table["q"] >= table["p"] - 1e-12).all()
    assert set(table.loc[table["q"] >= 0.05, "word"]) <= {"not supported"}
    told = table[(table["species"] == "Aus bus") & (table["reference"] == "Aus cus")]
    assert set(told.loc[told["word"] == "suggested", "place"]) >= {"tail spot"}
