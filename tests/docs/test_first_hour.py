"""What people stumbled over in their first hour, and the tests that keep each of these mended."""

import re
from pathlib import Path

import pytest
from planned_store import SETTINGS, fill, plan_at

import finercam_core
from finercam_core.catalog import open_catalog
from finercam_core.errors import counted
from finercam_core.evaluate import evaluate
from finercam_core.evaluate.protocol import Protocol
from finercam_core.status import Status

ROOT = Path(__file__).parents[2]
STUMBLES: dict[str, tuple[str, ...]] = {
    "train, then evaluate: the held-out part was forgotten": (
        "core/parts/test_held_out.py::test_train_split_and_evaluate_deal_alike",
    ),
    "a split made after the training called training images test": (
        "core/parts/test_held_out.py::test_a_split_made_later_cannot_call_training_images_test",
    ),
    "annotate with a classifier of other species: all failed, exit code 0": (
        "flows/test_outcome.py::test_a_classifier_of_other_species_is_refused_before_anything_is_computed",
        "flows/test_outcome.py::test_a_run_without_a_single_map_has_failed",
    ),
    "the base package alone: tracebacks": (
        "flows/test_parts.py::test_the_base_package_looks_measures_writes_pages_and_masks",
        "flows/test_parts.py::test_what_needs_more_names_the_extra_in_one_sentence",
        "flows/test_parts.py::test_the_list_is_of_every_command",
        "flows/test_clean_environments.py::test_the_base_package",
        "flows/test_clean_environments.py::test_an_extra_alone_gives_what_it_says",
    ),
    "the extra in brackets was eaten as markup": (
        "flows/test_parts.py::test_what_needs_more_names_the_extra_in_one_sentence",
    ),
    "a mistyped path cost seconds, and the sentence was about something else": (
        "flows/test_arguments_first.py::test_the_first_wrong_word_is_told_at_once",
    ),
    "train without a model had no default": (
        "flows/test_start.py::test_train_without_a_model_takes_one_that_works_here",
    ),
    "a factory in a file of the current folder was not found": (
        "core/explain/test_packaged.py::test_factories_are_found_in_files_and_in_the_current_folder",
        "flows/test_arguments_first.py::test_the_first_wrong_word_is_told_at_once",
    ),
    "without masks: (none), and links that lead nowhere": (
        "core/report/test_without_masks.py::test_what_was_not_measured_is_said_to_be_and_is_never_none",
        "core/report/test_without_masks.py::test_every_link_of_every_page_leads_to_a_file",
    ),
    "train without a network: dozens of warnings": (
        "core/explain/test_packaged.py::test_without_a_network_one_sentence_says_what_works",
        "core/train/test_hub.py::test_without_a_network_one_sentence_says_so_at_once",
        "flows/test_quiet.py::test_a_warning_is_one_sentence_and_retries_are_none",
    ),
    "serve --init had another default, and made a second store": (
        "flows/test_options.py::test_the_example_file_leaves_defaults_to_the_models",
    ),
    "a store was written among the photographs": (
        "flows/test_arguments_first.py::test_a_store_is_not_written_among_photographs",
        "flows/test_start.py::test_what_is_made_never_lies_among_the_photographs",
    ),
    "evaluation.md was a wall of columns": ("docs/test_first_hour.py::test_the_answer_stands_before_the_tables",),
    "the atlas told the cost of faithfulness instead of its result": (
        "core/report/test_atlas.py::test_pages_say_whether_faithfulness_was_measured_and_what_came_out",
    ),
    "HEIC, flat folders, families above species: no images": (
        "flows/test_start.py::test_families_above_species_are_read_and_pictures_that_cannot_be_are_named",
        "flows/test_start.py::test_a_flat_folder_with_a_table_is_opened",
        "core/catalog/test_found_forms.py::test_pictures_are_known_in_all_spellings",
    ),
    "notebooks: an empty dir(), no reprs, lists where a name was meant": (
        "docs/test_first_hour.py::test_a_notebook_shows_what_there_is",
        "core/notebook/test_finercam.py::test_a_single_name_is_a_list_of_one",
        "core/notebook/test_finercam.py::test_the_front_door_lists_everything_and_imports_no_torch",
    ),
    "minutes without a bar in the sanity checks; tracebacks at SIGTERM": (
        "core/evaluate/test_sanity.py::test_maps_follow_the_labels_that_were_learnt",
        "core/evaluate/test_sanity.py::test_weights_are_shuffled_from_the_head_down_one_layer_after_the_other",
        "flows/test_signals.py::test_a_command_is_stopped_in_one_sentence",
        "flows/test_signals.py::test_clients_whose_server_has_ended_too_say_nothing_more",
    ),
    "only 1 specimens, has 1 faults, 1 x NOT_AN_IMAGE": (
        "docs/test_first_hour.py::test_counts_and_causes_are_plain_words",
    ),
    "an exported file called Carabus_auratus%2FIMG_0000.jpg.png": ("trust/test_exports.py::test_names_are_readable",),
    "labels that are no scientific names: no hint": (
        "core/catalog/test_labels_hint.py::test_labels_without_relatives_bring_the_hint",
    ),
}


@pytest.mark.parametrize("stumble", STUMBLES)
def test_each_stumble_has_its_test(stumble: str) -> None:
    for test in STUMBLES[stumble]:
        file, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / "tests" / file).read_text(encoding="utf-8"), re.MULTILINE), test


def test_the_answer_stands_before_the_tables(tmp_path: Path) -> None:
    counts = {"Aus bus": 3, "Aus cus": 2}
    known = {**SETTINGS["classifier"], "target_layer": "features", "weights_sha256": "0" * 64}
    settings = {**SETTINGS, "classifier": known, "kind": "evidence", "versions": {"finercam": "0.1.0"}}
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", counts, settings=settings)
    fill(store.location)
    evaluate(store.location, tmp_path / "evaluation", protocol=Protocol(split="all"))
    page = (tmp_path / "evaluation" / "evaluation.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE)[:2] == ["What was asked", "The answer"]
    answer = page.partition("## The answer")[2]
    assert "specimens" in answer.partition("|")[0], "a sentence before the first column"


def test_a_notebook_shows_what_there_is(tmp_path: Path) -> None:
    assert {"open_catalog", "open_store", "finer_cam", "load_classifier"} <= set(dir(finercam_core))
    (tmp_path / "table.csv").write_text("path,scientificName\na.jpg,Aus bus\n")
    said = repr(open_catalog(tmp_path / "table.csv"))
    assert said.startswith("<Catalog 'table' from ")
    assert said.endswith("1 image of 1 species, 0 rows rejected>")


NOUNS = "specimens|images|photographs|files|rows|masks|regions|faults|pairs"
ONE_OR_MORE = re.compile(rf"(?<!of )\{{(?:len\([^{{}}]*\)|[\w.]*count)(?::,)?\}} (?:{NOUNS})\b")


def test_counts_and_causes_are_plain_words() -> None:
    assert (counted(1, "specimen"), counted(2, "specimen"), counted(1, "species", "species")) == (
        "1 specimen", "2 specimens", "1 species",
    )  # fmt: skip
    assert ONE_OR_MORE.search('f"{len(rows):,} images"')
    found = {
        f"{path.name}: {match[0]}"
        for folder in ("finercam_core", "flows", "viewer/napari_finercam")
        for path in (ROOT / folder).rglob("*.py")
        for match in ONE_OR_MORE.finditer(path.read_text(encoding="utf-8"))
        if "== 1 else" not in path.read_text(encoding="utf-8")[max(0, match.start() - 80) : match.start()]
    }
    assert not found
    assert not [one.name for one in Status if one.name in one.sentence]
