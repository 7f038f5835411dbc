"""`finercam start`: from photographs as people have them to an atlas, with every choice said."""

import json
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
import typer
from beetles import SPECIES, draw_beetle, draw_collection
from finercam_flows.options.first_steps import StartOptions
from finercam_flows.signatures.base import check_places
from finercam_flows.signatures.command import command
from finercam_flows.start.choices import choose, write_collection
from finercam_flows.start.collection import open_collection, survey
from finercam_flows.start.route import _keep_choices, run
from rich.console import Console
from typer.testing import CliRunner

from finercam_core.catalog import open_catalog
from finercam_core.errors import CatalogError, RunError, TrainingError


@pytest.fixture(scope="module")
def beetles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_collection(tmp_path_factory.mktemp("photos") / "beetles", each=6, species=SPECIES[:2])


def test_what_was_found_is_one_sentence(beetles: Path) -> None:
    said = str(survey(open_collection(str(beetles))))
    assert said.startswith("2 species, 15 photographs, 7 to 8 each; ")
    for part in (
        "1 × the image file is cut off or damaged", "1 × the file is not an image", "1 copy of another",
        "1 row in 'unsorted' passed over", "1 HEIC picture in a form that cannot be read",
    ):  # fmt: skip
        assert part in said


def flat(folder: Path, names: list[str]) -> Path:
    """Photographs in one folder, with a table."""
    folder.mkdir()
    for i, name in enumerate(names):
        draw_beetle(SPECIES[i % 2], i)[0].resize((90, 120)).save(folder / name)
    rows = {"file": names, "species": [SPECIES[i % 2] for i in range(len(names))]}
    pd.DataFrame(rows).to_csv(folder / "labels.csv", index=False)
    return folder


def test_a_flat_folder_with_a_table_is_opened(tmp_path: Path) -> None:
    folder = flat(tmp_path / "flat", [f"IMG_{i}.jpg" for i in range(10)])
    assert str(survey(open_collection(str(folder)))) == "2 species, 10 photographs, 5 each"
    (folder / "more.csv").write_text("a\n1\n")
    with pytest.raises(CatalogError):
        open_collection(str(folder))


def test_files_that_lie_elsewhere_are_found_by_their_names(tmp_path: Path) -> None:
    folder = flat(tmp_path / "flat", [f"IMG_{i}.jpg" for i in range(10)])
    for i in range(10):
        place = folder / "images" / ("dorsal" if i % 2 else "ventral")
        place.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / f"IMG_{i}.jpg", place / f"IMG_{i}.jpg")
    found = survey(open_collection(str(folder / "labels.csv")))
    assert not found.faults
    assert found.catalog.specimens["path"].str.startswith("images/").all()
    assert "; 10 files found by name in the folders below" in str(found)


def test_one_file_is_not_taken_for_two_rows_of_its_name(tmp_path: Path) -> None:
    folder = flat(tmp_path / "flat", [f"IMG_{i}.jpg" for i in range(4)])
    (folder / "images").mkdir()
    for i in range(4):
        shutil.move(folder / f"IMG_{i}.jpg", folder / "images" / f"IMG_{i}.jpg")
    paths = ["a/IMG_0.jpg", "b/IMG_0.jpg", "a/IMG_1.jpg", "b/IMG_2.jpg"]
    pd.DataFrame({"file": paths, "species": [*SPECIES[:2]] * 2}).to_csv(folder / "labels.csv", index=False)
    found = survey(open_collection(str(folder / "labels.csv")))
    assert set(found.catalog.specimens["path"]) == {*paths[:2], "images/IMG_1.jpg", "images/IMG_2.jpg"}
    assert "2 files found by name" in str(found)
    assert list(found.faults.values()) == [2]


def views(folder: Path, names: list[str], species: list[str]) -> Path:
    """A table of photographs under other names than those of species, and their files."""
    folder.mkdir()
    for name in names:
        draw_beetle(SPECIES[0], 1)[0].resize((30, 40)).save(folder / name)
    pd.DataFrame({"file": names, "species": species}).to_csv(folder / "labels.csv", index=False)
    return folder


def test_two_views_of_a_specimen_stay_together(tmp_path: Path) -> None:
    names = [f"{1000 + i // 2}_{'DV'[i % 2]}.png" for i in range(16)]
    folder = views(tmp_path / "views", names, ["Aus bus"] * 8 + ["Aus cus"] * 8)
    catalog = open_collection(str(folder))
    assert catalog.specimens["group_id"].nunique() == 8
    assert "views of one specimen stay together, such as 100" in str(survey(catalog))
    split = open_catalog(write_collection(catalog, tmp_path / "out")).specimens
    assert (split.groupby("group_id")["split"].nunique() == 1).all()


@pytest.mark.parametrize("names", [
    [f"IMG_{i:04d}.png" for i in range(16)],  # the camera's word, not a specimen's
    [f"{i % 3}_{i}.png" for i in range(16)],  # shared by both species
    [f"{7 if i < 8 else 9}-{i}.png" for i in range(16)],  # one number for a whole species
])  # fmt: skip
def test_names_that_say_nothing_about_specimens_are_no_groups(names: list[str], tmp_path: Path) -> None:
    folder = views(tmp_path / "views", names, ["Aus bus"] * 8 + ["Aus cus"] * 8)
    assert (open_collection(str(folder)).specimens["group_id"] == "").all()


def test_names_that_are_no_species_are_taken_as_they_are(tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(8)]
    catalog = open_collection(str(views(tmp_path / "views", names, ["erato"] * 4 + ["melpomene"] * 4)))
    assert (catalog.names, catalog.species) == ("verbatim", ["erato", "melpomene"])
    assert "the names are taken as they are written" in str(survey(catalog))
    assert open_catalog(write_collection(catalog, tmp_path / "out")).names == "verbatim"


def test_every_choice_names_the_option_that_changes_it(beetles: Path, tmp_path: Path) -> None:
    found = survey(open_collection(str(beetles)))
    plan = choose(StartOptions(collection=str(beetles), out=str(tmp_path / "out")), found)
    assert plan.train.model == "tf_efficientnet_lite0"
    assert plan.annotate.references == 1
    assert all(choice.option and choice.why for choice in plan.choices)
    commands = plan.commands(str(beetles))
    assert plan.train.folds == 5
    assert choose(StartOptions(collection=str(beetles), folds=0), found).train.folds == 0
    for step in ("catalog check", "train", "annotate", "evaluate", "report", "review"):
        assert f"\nfinercam {step} " in commands
    asked = choose(StartOptions(collection=str(beetles), model="resnet18", size=128, references=1), found)
    assert (asked.train.model, asked.train.size) == ("resnet18", 128)


def test_the_long_commands_mean_what_was_done(beetles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out" / "maps.zarr").mkdir(parents=True)
    (tmp_path / "out" / "maps.zarr" / "zarr.json").write_text('{"attributes": {"finercam": {}}}')
    for folder in ("evaluation", "classifier"):
        (tmp_path / "out" / folder).mkdir()
    (tmp_path / "out" / "classifier" / "model.safetensors").write_bytes(b"")
    found = survey(open_collection(str(beetles)))
    plan = choose(StartOptions(collection=str(beetles), out="out", checks=True, references=1), found)
    write_collection(found.catalog, Path("out"))
    lines = {line.split()[1]: shlex.split(line)[2:] for line in plan.commands("x").splitlines() if line[0] != "#"}
    for name in ("annotate", "evaluate", "report", "train"):
        if name == "train":
            shutil.rmtree(tmp_path / "out" / "classifier")
        meant, seen = getattr(plan, name), []
        single = typer.Typer()
        single.command()(command(type(meant))(seen.append))
        done = CliRunner().invoke(single, lines[name])
        assert done.exit_code == 0, done.output
        typed = json.loads(seen[0].model_dump_json())
        assert {**typed, "settings": typed.get("settings") or None} == {
            **json.loads(meant.model_dump_json()),
            "settings": None,
        }


def test_what_is_made_never_lies_among_the_photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beetles" / "Aus_bus").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "beetles" / "Aus_bus")
    assert Path(StartOptions(collection="..").folder) == tmp_path / "finercam-start"
    with pytest.raises(RunError, match=r"../made lies among the photographs in \.\."):
        check_places(StartOptions(collection="..", out="../made"))
    monkeypatch.chdir(tmp_path)
    assert StartOptions(collection="beetles").folder == "finercam-start"
    check_places(StartOptions(collection="beetles", out="beetles-made"))


def test_choices_can_be_changed_until_a_classifier_is_trained(beetles: Path, tmp_path: Path) -> None:
    console, out = Console(record=True, width=200), tmp_path / "out"
    options = StartOptions(collection=str(beetles), out=str(out), model="resnet5O", browser=False, device="cpu")
    with pytest.raises(TrainingError, match="did you mean resnet50"):
        run(options, console)
    found = survey(open_collection(str(beetles)))
    _keep_choices(options, choose(options.model_copy(update={"model": "resnet50"}), found), out)
    assert json.loads((out / "start.json").read_text())["model"] == "resnet50"


def test_one_species_is_refused_at_once(tmp_path: Path) -> None:
    draw_collection(tmp_path / "one", each=2, species=SPECIES[:2])
    shutil.rmtree(tmp_path / "one" / SPECIES[1].replace(" ", "_"))
    with pytest.raises(TrainingError, match="there is one species, Carabus maculatus"):
        choose(StartOptions(collection=str(tmp_path)), survey(open_collection(str(tmp_path / "one"))))


def test_a_third_of_each_species_is_held_out_and_stays_so(beetles: Path, tmp_path: Path) -> None:
    catalog = open_collection(str(beetles))
    written = open_catalog(write_collection(catalog, tmp_path))
    counts = written.specimens.groupby(["scientificName", "split"]).size().unstack()
    assert (counts["test"] >= 2).all()
    again = open_catalog(write_collection(open_catalog(tmp_path / "collection.toml"), tmp_path / "again"))
    pd.testing.assert_series_equal(written.specimens["split"], again.specimens["split"])


def test_the_whole_way_from_photographs_to_an_atlas(beetles: Path, tmp_path: Path) -> None:
    options = StartOptions(collection=str(beetles), out=str(tmp_path / "out"), size=96, browser=False, device="cpu")
    console = Console(record=True, width=200)
    run(options, console)
    said = console.export_text()
    assert "2 species, 15 photographs" in said
    assert "photographs that it was not trained on" in said
    assert " left\n" in said
    assert "13 photographs have maps, 2 could not be read" in said
    assert "specimens of a species are few: differences may be missed" in said
    assert (tmp_path / "out" / "atlas" / "index.html").is_file()
    sentences = (tmp_path / "out" / "answers.txt").read_text().splitlines()
    assert len(sentences) == 1
    longest = max(len(str(path.relative_to(tmp_path / "out"))) for path in (tmp_path / "out").rglob("*"))
    assert longest < 130, "the 260 characters of Windows leave as many for the folder"
    assert sentences[0].startswith("Carabus maculatus ")
    assert sentences[0] in " ".join(said.split())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "maps.zarr").rglob("evidence/c/**/*")}
    assert before
    run(options, console)  # nothing is computed again
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert json.loads((tmp_path / "out" / "start.json").read_text())["size"] == 96
    with pytest.raises(RunError, match="was made with size 96, not 64"):
        run(options.model_copy(update={"size": 64}), console)
    with pytest.raises(RunError, match="was made with references 1, not 2"):
        run(options.model_copy(update={"references": 2}), console)
    shutil.copytree(beetles, tmp_path / "more")
    draw_collection(tmp_path / "more", each=2, species=SPECIES[2:4])
    with pytest.raises(RunError, match=r"was trained before 'Lucanus maculatus' came into the collection: give a new"):
        run(options.model_copy(update={"collection": str(tmp_path / "more"), "references": 1}), console)


@pytest.mark.slow
def test_the_known_difference_is_the_first_sentence(tmp_path: Path) -> None:
    photographs = draw_collection(tmp_path / "beetles")
    options = StartOptions(collection=str(photographs), out=str(tmp_path / "out"), browser=False, device="cpu")
    run(options, Console(record=True, width=200))
    sentences = (tmp_path / "out" / "answers.txt").read_text().splitlines()
    # Where the spots lie on the whole animal, head and legs included; those of Carabus lie between two of the places.
    places = {"Carabus": ("upper centre", "the centre"), "Lucanus": ("the centre",), "Dorcus": ("lower centre",)}
    for sentence in sentences[:3]:
        words = sentence.split()
        assert words[0] == words[4], "congeners come first"
        assert any(f"{place} of the specimen: suggested" in sentence for place in places[words[0]])


def test_train_without_a_model_takes_one_that_works_here(
    beetles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finercam_flows.process import model_choice

    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    name, why = model_choice.choose_model("cpu")
    assert (name, "does not answer" in why) == (model_choice.SMALL, True)
    monkeypatch.setattr("finercam_core.io.hub.hub_answers", lambda: True)
    assert model_choice.choose_model("cpu")[0] == model_choice.SMALL
    monkeypatch.setattr(model_choice, "graphics", lambda: (True, "a GPU"))
    assert model_choice.choose_model("auto")[0] == model_choice.LARGE
    monkeypatch.setattr(model_choice, "missing", lambda extra: ["a module"])
    assert model_choice.choose_model("cpu")[0] == model_choice.ONLINE
    monkeypatch.setattr("finercam_core.io.hub.hub_answers", lambda: False)
    with pytest.raises(TrainingError, match=r"no model here.*finercam\[backbone\]"):
        model_choice.choose_model("cpu")


def test_families_above_species_are_read_and_pictures_that_cannot_be_are_named(tmp_path: Path) -> None:
    for i, place in enumerate(("Carabidae/Carabus_auratus", "Lucanidae/Lucanus_cervus")):
        (tmp_path / "families" / place).mkdir(parents=True)
        draw_beetle(SPECIES[i], 0)[0].save(tmp_path / "families" / place / "a.jpg")
    rows = open_catalog(tmp_path / "families").specimens
    assert rows["family"].tolist() == ["Carabidae", "Lucanidae"]
    assert rows["scientificName"].tolist() == ["Carabus auratus", "Lucanus cervus"]
    (tmp_path / "phone" / "Aus_bus").mkdir(parents=True)
    (tmp_path / "phone" / "Aus_bus" / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(CatalogError, match=r"1 picture such as Aus_bus/IMG_1.HEIC, in a form that is not"):
        open_catalog(tmp_path / "phone")
