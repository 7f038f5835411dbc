"""Parts that are named on a few specimens: carried to the others, with an error that is measured or said not to be."""

from pathlib import Path

from spotted import spotted_classifier, spotted_collection, spotted_store

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.sentences import five_lines
from finercam_core.diagnosis.with_model.causal import causal_check


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
