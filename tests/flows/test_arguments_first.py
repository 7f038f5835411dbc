"""What is wrong with paths and names is said before anything heavy is imported, and it is the first wrong thing."""

import sys
from pathlib import Path

import pytest
from planned_store import fill, plan_at
from without_packages import run_without, several_without

HEAVY = ("torch", "timm", "prefect", "pandas", "napari")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill_folder(tmp_path)


def fill_folder(tmp_path: Path) -> Path:
    (tmp_path / "catalog.csv").write_text("path,scientificName\na.jpg,Aus bus\n")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"")
    for name in ("classifier", "trusting"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(b"")
    (tmp_path / "trusting" / "finercam.json").write_text('{"factory": "models.py:build"}')
    (tmp_path / "maps.zarr").mkdir()
    (tmp_path / "maps.zarr" / "zarr.json").write_text("{}")
    (tmp_path / "models.py").write_text("def build(num_classes): ...\n")
    return tmp_path


WRONG = {
    "annotate catlog.csv --classifier c --store m": "there is no catlog.csv did you mean catalog.csv?",
    "annotate catalog.csv --classifier clasifier --store m": "no classifier at clasifier did you mean classifier?",
    "annotate catalog.csv --classifier c.toml --store m": "there is no c.toml give the TOML file of CLIP prompts",
    "annotate catalog.csv --classifier models:build --store m": "no module models on Python's path write models.py",
    r"annotate catalog.csv --classifier C:\maps\classifier --store m": r"there is no classifier at C:\maps\classifier",
    r"train photos --model C:\models.py:build --out c": r"there is no C:\models.py",
    "annotate catalog.csv --classifier models.py:bild --store m": "models.py defines no 'bild'",
    "annotate catalog.csv --classifier classifier --store m --references-by cosin": "did you mean cosine?",
    "annotate catalog.csv --classifier classifier --store catalog.csv": "catalog.csv is a file",
    "annotate catalog.csv --classifier classifier --store m --method gradcan": "did you mean gradcam?",
    "train photos --out c --set epochs=0": "probe has no setting 'epochs'",
    "train photos --out c --mode finetune --set epochs=0": "epochs is '0'",
    "serve --config modles.py": "there is no modles.py did you mean models.py?",
    "train nowhere/at/all --model resnet50 --out c": "there is no nowhere/at/all, since there is no folder nowhere",
    "train photos --model resnet50 --out classifier": "classifier exists already",
    "train photos --model model.py:build --out c": "there is no model.py did you mean models.py?",
    "catalog check photo": "there is no photo did you mean photos?",
    "catalog split nothing.toml --out s.csv": "there is no nothing.toml",
    "info map.zarr": "there is no store at map.zarr did you mean maps.zarr?",
    "info photos": "photos is a folder, but no store",
    "info .": ". is a folder, but no store of evidence maps did you mean maps.zarr?",
    "evaluate map.zarr --out e": "there is no store at map.zarr",
    "evaluate maps.zarr --out s3://bucket/e": "s3://bucket/e is no folder of this machine give a folder, and copy it",
    "export maps.zarr --to s3://bucket/masks": "s3://bucket/masks is no folder of this machine",
    "evaluate maps.zarr --out catalog.csv": "catalog.csv is a file",
    "evaluate maps.zarr --out e --boxes box.csv": "there is no file box.csv",
    "report maps.zarr --out a --images photo": "there is no folder photo did you mean photos?",
    "export maps.zar --to masks": "did you mean maps.zarr?",
    "review map.zarr": "there is no store at map.zarr",
    "classifier push clasifier a/b": "did you mean classifier?",
    "annotate catalog.csv --classifier photos --store m": "photos is a folder, but no classifier",
    "annotate catalog.csv --classifier . --store m": "did you mean classifier?",
    "annotate catalog.csv --classifier trusting --store m": "names a function to call, models.py:build, and nobody has",
    "annotate catalog.csv --classifier classifier --store m --allow-factory modles.py:build": "did you mean models.py?",
    "annotate catalog.csv --classifier classifier --store m --runner tcp://10.0.0.1:8786": "asks nobody who they are",
    "evaluate maps.zarr --out e --classifier trusting": "nobody has allowed it",
    "evaluate maps.zarr --out e --methods gradcan": "did you mean gradcam?",
    "evaluate maps.zarr --out e --baselines limee": "did you mean lime?",
    "evaluate maps.zarr --out e --beside papr": "there is no file papr",
    "evaluate maps.zarr --out maps.zarr": "maps.zarr is a store of evidence maps",
    "report maps.zarr --out a --classifier photos": "photos is a folder, but no classifier",
    "ask maps.zarr Aus-bus Aus-bus": "'Aus-bus' is compared with itself",
    "ask maps.zarr A B --out catalog.csv": "catalog.csv is a file",
    "ask maps.zarr A B --witness maps.zar": "there is no store at maps.zar did you mean maps.zarr?",
    "catalog check catalog.csv --json photos": "photos is a folder",
    "catalog check catalog.csv --json nowhere/x.json": "there is no folder nowhere",
    "catalog split catalog.csv --out photos": "photos is a folder",
    "train photos --out c --cache catalog.csv": "catalog.csv is a file",
    "train photos --out c --mode finetune --folds 5": "5 folds need a frozen backbone",
    "serve --config models.py --data catalog.csv": "catalog.csv is a file",
    "classifier adopt models.py --model resnet50 --classes catalog.csv --out photos": "photos exists already",
    "evaluate maps.zarr --out e --split tset": "there is no split 'tset' did you mean test?",
    "report maps.zarr --out a --split held": "there is no split 'held' give auto, train, val, test,",
    "ask maps.zarr A B --split Test": "there is no split 'Test' did you mean test?",
    "train photos --out c --model vit_bas_patch16_224": "no model 'vit_bas_patch16_224' did you mean vit_base_patch16",
    "train photos --out c --model resnet50.a1_in1": "no weights 'resnet50.a1_in1' did you mean resnet50.a1_in1k?",
    "start photos --model xyz": "timm has no model 'xyz' its names are at huggingface.co/timm",
    "train photos --out c --device cuda:99": "there is no device cuda:99 here",
    "start photos --device cuda:99": "there is no device cuda:99 here",
    "annotate catalog.csv --classifier classifier --store m --device cuda:99": "there is no device cuda:99 here",
    "evaluate maps.zarr --out e --device cuda:99": "there is no device cuda:99 here",
    "classifier adopt models.py --model resnet5O --classes catalog.csv --out n": "timm has no model 'resnet5O'",
    "classifier pull a/b/c d": "'a/b/c' is no repository of the hub give it as owner/name",
    "classifier pull a/b catalog.csv": "catalog.csv is a file",
    "classifier push photos a/b": "photos is a folder, but no classifier",
    "classifier adopt best.safetensors --model resnet50 --classes c.csv --out n": "there is no file best.safetensors",
}  # fmt: skip


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """By command: exit code and what it said, where nothing heavy can be imported."""
    answers = several_without(HEAVY, [words.split() for words in WRONG], cwd=fill_folder(tmp_path_factory.mktemp("a")))
    return dict(zip(WRONG, answers, strict=True))


@pytest.mark.parametrize("words", WRONG)
def test_the_first_wrong_word_is_told_at_once(words: str, said: dict[str, tuple[int, str]]) -> None:
    code, text = said[words]
    sentence = " ".join(text.split())
    assert code == 1, text
    assert sentence.startswith("finercam: "), text
    assert WRONG[words] in sentence
    assert "Traceback" not in text


def test_a_store_is_not_written_among_photographs(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    said = run_without(
        ("torch", "prefect"), ["annotate", "catalog.csv", "--classifier", "classifier", "--store", "photos"], cwd=folder
    )
    assert said.returncode == 1
    assert "photos holds other files, such as one.jpg" in " ".join(said.stderr.split())
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("command", ["evaluate --out e", "report --out a", "ask A B"])
def test_a_split_without_specimens_is_refused_before_torch_is_loaded(folder: Path, command: str) -> None:
    store = plan_at(f"{folder}/full.zarr", folder / "images", {"Aus bus": 3, "Aus cus": 2}).location
    fill(store)
    name, *rest = command.replace("A B", "Aus_bus Aus_cus").split()
    words = [name, store, *(each.replace("_", " ") for each in rest), "--classifier", "classifier"]
    said = run_without(("torch", "timm", "prefect"), [*words, "--split", "left_out"], cwd=folder)
    assert said.returncode == 1
    assert "no specimen is in the split 'left_out'" in " ".join(said.stderr.split())


def test_help_needs_none_of_the_heavy_packages() -> None:
    assert run_without((*HEAVY, "zarr", "xarray", "PIL"), ["--help"]).returncode == 0


def test_a_flow_says_the_same_as_its_command(prefect: str, folder: Path) -> None:
    from finercam_flows.annotate import annotate

    from finercam_core.errors import CatalogError

    assert "prefect" in sys.modules
    with pytest.raises(CatalogError, match=r"there is no .*catlog.csv: did you mean .*catalog.csv"):
        annotate(str(folder / "catlog.csv"), "c", str(folder / "m"))
