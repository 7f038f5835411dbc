"""An answer where people and programs read it: the terminal, the atlas, and records."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from finercam_flows.cli import app
from PIL import Image
from spotted import spotted_collection, spotted_store
from typer.testing import CliRunner

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.names import store_name
from finercam_core.diagnosis.records.statements import linked, measurements, record, statements
from finercam_core.errors import ComparisonError
from finercam_core.report import report
from finercam_core.report.answers import AtlasAnswers
from finercam_core.review.qualities import NamedQuality
from finercam_core.store import Store, open_store


def test_names_are_found_or_suggested(store: Store) -> None:
    assert store_name(store, "aus  BUS") == "Aus bus"
    assert store_name(store, "cus") == "Aus cus"
    with pytest.raises(ComparisonError, match="perhaps Dus eus"):
        store_name(store, "Dus eius")
    with pytest.raises(ComparisonError, match="is no species of this store"):
        store_name(store, "Homo sapiens")


def test_records_are_json_and_hold_the_same(diagnosis: Diagnosis) -> None:
    answer = diagnosis.answer("Aus bus", "Aus cus")
    content = json.loads(json.dumps([record(answer), statements(answer, {}), measurements(answer), linked(answer, {})]))
    words = {row["place"]: row["word"] for row in content[0]["findings"]}
    assert words["tail spot"] == "supported"
    assert content[1][0]["quality"] == "PATO:0000001"
    assert content[2][0]["measurementUnit"] == "logit"
    assert content[3]["@type"] == "schema:Dataset"


def test_statements_take_the_qualities_that_reviewers_name(diagnosis: Diagnosis) -> None:
    answer = diagnosis.answer("Aus bus", "Aus cus")
    color = NamedQuality("PATO:0000014", "color", ("Ada", "Bo"), 5)
    shape = NamedQuality("PATO:0000052", "shape", ("Ada",), 1)
    named = {"tail spot": (color, shape), "head": (shape,)}
    content = json.loads(json.dumps(statements(answer, named)))
    spots = [row for row in content if row["entity_label"] == "tail spot"]
    assert [(row["quality"], row["quality_label"], row["specimens"]) for row in spots] == [
        ("PATO:0000014", "color", 5), ("PATO:0000052", "shape", 1),
    ]  # fmt: skip
    assert len(content) == len(spots), "a quality of a place that is not supported makes no statement"
    mentions = json.loads(json.dumps(linked(answer, named)))["schema:mentions"]
    assert {"@id": "obo:PATO_0000014", "schema:name": "color"} in mentions


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
