"""Names of classes as people keep them: any encoding and separator, or one sentence that says what is wrong."""

import json
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from finercam_core.errors import ClassifierError
from finercam_core.explain import load_classifier
from finercam_core.taxonomy.class_names import class_table, label_names

NAMES = ["Aus bus", "Aus mülleri", "Eus fus"]
TABLE = "index,scientificName\n0,Aus bus \n1,Aus mülleri\n2, Eus fus\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_table_is_read_as_spreadsheets_save_it(tmp_path: Path, encoding: str, separator: str, ends: str) -> None:
    content = TABLE.replace(",", separator).replace("\n", ends)
    (tmp_path / "classes.csv").write_bytes(content.encode(encoding))
    assert class_table(tmp_path / "classes.csv")["scientificName"].tolist() == NAMES


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (TABLE.encode("latin-1"), r"is not a readable table: .*save it as UTF-8"),
        (b"index,name\n0,Aus bus\n", r"has no column scientificName: its columns are index, name"),
        (b"index,scientificName\n0,Aus bus\n1,\n", r"row 3 of .* is '': name each class once"),
        (b"index,scientificName\n0,Aus bus\n1,   \n", r"row 3 of .* is '': name each class once"),
        (b"scientificName\nAus bus\nAus bus \n", r"row 3 of .* is 'Aus bus': name each class once"),
        (b"index,scientificName\n0,Aus bus,x\n1,Aus cus\n", r"row 2 of .* cannot be read: the row has 3 fields"),
        (b"", r"is empty"),
        (b"index,scientificName\n", r"has no usable row"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "classes.csv").write_bytes(content)
    with pytest.raises(ClassifierError, match=said) as caught:
        class_table(tmp_path / "classes.csv")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "labels",
    [
        NAMES,
        {"0": NAMES[0], "1": NAMES[1], "2": NAMES[2]},
        {"2": NAMES[2], "0": NAMES[0], "1": NAMES[1]},
        {NAMES[2]: 2, NAMES[0]: 0, NAMES[1]: 1},
    ],
)
def test_labels_are_taken_in_the_order_of_the_scores(labels: object) -> None:
    assert label_names(labels, "config.json") == NAMES


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"n01": "Aus bus", "n02": "Aus cus"}, "does not number its names 0 to 1"),
        ({"1": "Aus bus", "2": "Aus cus"}, "does not number its names 0 to 1"),
        ([1, 2], "is no list of names"),
        ("Aus bus", "is no list of names"),
        (["Aus bus", ""], "class 2 of config.json has no name"),
    ],
)
def test_other_labels_are_refused(labels: object, said: str) -> None:
    with pytest.raises(ClassifierError, match=said):
        label_names(labels, "config.json")


def folder(place: Path, **config: object) -> Path:
    place.mkdir()
    torch.manual_seed(2)
    save_file(timm.create_model("test_resnet", num_classes=3).state_dict(), place / "model.safetensors")
    text = {"architecture": "test_resnet", "num_classes": 3, "label_names": NAMES, **config}
    (place / "config.json").write_text(json.dumps(text))
    return place


def test_a_mapping_of_labels_in_a_folder(tmp_path: Path) -> None:
    found = load_classifier(folder(tmp_path / "made", label_names={"1": "b", "0": "a", "2": "c"}), device="cpu")
    assert found.species == ("a", "b", "c")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"architecture": "tset_resnet"}, r"timm has no architecture 'tset_resnet', .*: did you mean test_resnet"),
        ({"architecture": "../x"}, r"timm has no architecture '../x'"),
        ({"model_args": {"depths": 3}}, r"timm cannot build test_resnet as .* says \(TypeError.*model_args are depths"),
        ({"model_args": {"width": "wide"}}, r"timm cannot build test_resnet"),
        ({"model_args": {"channels": [8, 8, 8, 8]}}, r"model\.safetensors does not fit the model"),
    ],
)
def test_a_configuration_that_builds_no_model_is_one_sentence(
    tmp_path: Path, config: dict[str, object], said: str
) -> None:
    with pytest.raises(ClassifierError, match=said) as caught:
        load_classifier(folder(tmp_path / "made", **config), device="cpu")
    assert "\n" not in str(caught.value)
