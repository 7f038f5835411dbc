"""A classifier's folder is data: no function that it names is called unless somebody allowed it."""

import json
import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from finercam_flows.annotate import annotate
from finercam_flows.calls import write_atlas
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.options.first_steps import StartOptions
from finercam_flows.options.report import ReportOptions
from finercam_flows.process.allowed import check_scheduler, factories_for
from finercam_flows.process.lifeline import SERVE
from finercam_flows.process.runners import runner_for
from finercam_flows.serving.config import read_config
from finercam_flows.serving.permissions import allow
from finercam_flows.start.choices import choose
from planned_store import plan_at
from prefect_dask.task_runners import DaskTaskRunner
from safetensors.torch import save_file

from finercam_core.errors import ClassifierError, RunError, ServeError, StoreError, TrainingError
from finercam_core.explain import load_classifier
from finercam_core.explain.model.clip.classifier import clip_classifier
from finercam_core.explain.model.factories import factory_label
from finercam_core.io.files import Files
from finercam_core.permissions import VARIABLE, AllowedFactories, allow_in_environment
from finercam_core.store import open_store, summarise
from finercam_core.train.adoption import read_weights

from .conftest import hostile_folder


@pytest.fixture(autouse=True)
def _nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (VARIABLE, "FINERCAM_ALLOW_SCHEDULERS", SERVE):
        monkeypatch.setenv(name, "")


@pytest.mark.parametrize("prefix", ["", "local-dir:"])
def test_a_folder_that_names_a_command_runs_nothing(tmp_path: Path, prefix: str) -> None:
    folder = hostile_folder(tmp_path / "classifier", tmp_path / "ran")
    with pytest.raises(ClassifierError, match=r"finercam.json names a function to call, os:system.*--allow-factory"):
        load_classifier(f"{prefix}{folder}", device="cpu")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("factory", ["builtins:exec", "subprocess:run", "os.path:join", "shutil:rmtree", ":", "x", ""])
def test_no_other_name_gets_through_either(tmp_path: Path, factory: str) -> None:
    folder = hostile_folder(tmp_path / "classifier", tmp_path / "ran")
    (folder / "finercam.json").write_text(json.dumps({"factory": factory, "kwargs": {}}))
    with pytest.raises(ClassifierError, match="nobody has allowed it"):
        load_classifier(folder, device="cpu", factories=AllowedFactories.of(["os:system", str(tmp_path)]))


def made_by_a_factory(folder: Path, tiny_classifier: str) -> Path:
    folder.mkdir()
    classifier = load_classifier(tiny_classifier, device="cpu")
    save_file(classifier.model.state_dict(), folder / "model.safetensors")
    (folder / "preparation.json").write_text(json.dumps(classifier.preparation.to_dict()))
    (folder / "finercam.json").write_text(json.dumps({"factory": tiny_classifier}))
    (folder / "classes.csv").write_text("scientificName\nAus bus\nAus cus\nAus dus\nEus fus\n")
    return folder


def test_one_s_own_factory_is_called_once_it_is_allowed_by_name_or_by_folder(
    tmp_path: Path, tiny_classifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made_by_a_factory(tmp_path / "own", tiny_classifier)
    with pytest.raises(ClassifierError, match="nobody has allowed it"):
        load_classifier(folder, device="cpu")
    for entry in (tiny_classifier, str(folder)):
        assert len(load_classifier(folder, device="cpu", factories=AllowedFactories.of([entry])).species) == 4
    monkeypatch.chdir(tmp_path)
    allow_in_environment(["some.other:function", "own"])
    monkeypatch.chdir("/")
    assert len(load_classifier(folder, device="cpu").species) == 4


@pytest.mark.parametrize("name", ["checkpoint_path", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay"])
def test_a_folder_describes_its_architecture_and_opens_nothing_else(tmp_path: Path, name: str) -> None:
    config = {"architecture": "test_resnet", "num_classes": 2, "model_args": {name: "/etc/passwd"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "classes.csv").write_text("scientificName\nAus bus\nAus cus\n")
    with pytest.raises(ClassifierError, match="model_args"):
        load_classifier(tmp_path, device="cpu")


def test_a_typed_function_is_the_user_s_word_and_a_form_s_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    factories_for("os:system").check("os:system")
    for name in (SERVE, "PREFECT__FLOW_RUN_ID"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "123")
            with pytest.raises(ClassifierError, match="allow_factories in"):
                factories_for("os:system").check("os:system")


def test_no_run_of_a_server_can_allow_itself_anything() -> None:
    assert "allow_factory" in AnnotateOptions.model_fields
    assert "allow_factory" not in annotate.parameters.properties
    with pytest.raises(TypeError):
        annotate.fn("catalog.csv", "classifier", "maps.zarr", allow_factory=["os:system"])


def test_an_atlas_of_a_server_calls_no_function_that_its_form_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", {"Aus bus": 1}).location
    (tmp_path / "mine.py").write_text(f"def build():\n    open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.setenv(SERVE, "123")
    options = ReportOptions(store=store, out=str(tmp_path / "atlas"), classifier=f"{tmp_path}/mine.py:build")
    with pytest.raises(ClassifierError, match="allow_factories in"):
        write_atlas(options)
    assert not (tmp_path / "ran").exists()


SERVED = """
allow_factories: [mine:build, folder]
deployments:
  - name: a
    entrypoint: finercam_flows.annotate.annotate
    parameters: {classifier: "yours:build"}
  - name: b
    entrypoint: finercam_flows.annotate.annotate
    parameters: {runner: "tcp://10.0.0.5:8786"}
"""


def test_the_server_s_own_file_says_what_its_runs_may_call_and_connect_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text(SERVED)
    monkeypatch.chdir(tmp_path)
    found = allow(file, read_config(file), ["typed:build"])
    assert found.names == {"mine:build", "yours:build", "typed:build"}
    assert found.folders == {tmp_path / "folder"}
    monkeypatch.setenv(SERVE, "123")
    check_scheduler("tcp://10.0.0.5:8786")
    for other in ("tcp://10.0.0.6:8786", "tcp://127.0.0.1:8786", "tls://10.0.0.6:8786"):
        with pytest.raises(RunError, match="nobody has allowed runs of this server to connect"):
            check_scheduler(other)
    file.write_text(SERVED.replace("[mine:build, folder]", "mine:build"))
    with pytest.raises(ServeError, match=r"allow_factories in prefect\.yaml is 'mine:build'"):
        allow(file, read_config(file))


def test_dask_on_this_machine_has_certificates_of_its_own() -> None:
    runner = runner_for("dask", 2)
    assert isinstance(runner, DaskTaskRunner)
    assert runner.cluster_kwargs["security"] is True


def test_a_dask_scheduler_beyond_this_machine_has_tls() -> None:
    for fine in ("tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1", "tls://10.0.0.5:8786"):
        check_scheduler(fine)
    for bad in ("tcp://10.0.0.5:8786", "ucx://node1:8786", "tcp://127.0.0.1.example:8786"):
        with pytest.raises(RunError, match="asks nobody who they are"):
            check_scheduler(bad)


class Harm:
    """Runs something when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def test_nothing_of_a_store_is_unpickled(tmp_path: Path) -> None:
    """Version 2 of Zarr knows a codec that unpickles: a store in its form is no store."""
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", {"Aus bus": 1})
    for file in Path(store.location).rglob("zarr.json"):
        file.unlink()
    for folder in (Path(store.location), *Path(store.location).rglob("*")):
        if folder.is_dir():
            (folder / ".zgroup").write_text('{"zarr_format": 2}')
    group = next(Path(store.location).rglob("state"))
    array = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "fill_value": 0, "order": "C",
             "compressor": None, "filters": [{"id": "pickle"}]}  # fmt: skip
    (group / ".zgroup").unlink()
    (group / ".zarray").write_text(json.dumps(array))
    (group / "0").write_bytes(pickle.dumps(Harm(tmp_path / "ran")))
    with pytest.raises(StoreError):
        summarise(open_store(store.location))
    with pytest.raises((FileNotFoundError, KeyError, StoreError)):
        np.asarray(Files(group.parent).group()["state"][:])
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_that_is_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(pickle.dumps(Harm(tmp_path / "ran"), protocol=2))
    with pytest.raises(TrainingError):
        read_weights(tmp_path / "model.pt")
    torch.save({"state_dict": Harm(tmp_path / "ran")}, tmp_path / "model.pt")
    with pytest.raises(TrainingError, match="executable pickles"):
        read_weights(tmp_path / "model.pt")
    assert not (tmp_path / "ran").exists()


def test_a_clip_model_that_asks_for_code_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("open_clip")
    config = {"model_cfg": {"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"trust_remote_code": True}}}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ClassifierError, match="asks to run code of its own"):
        clip_classifier(f"local-dir:{tmp_path}", ["Aus bus"])


def test_a_path_of_a_factory_s_file_is_not_the_model_s_name(tmp_path: Path) -> None:
    assert factory_label(f"{tmp_path}/mine.py:build") == "mine.py:build"
    assert AllowedFactories.of(["mine.py:build"]).names == {f"{Path.cwd()}/mine.py:build"}


def test_the_short_way_with_one_s_own_factory_allows_it_and_says_so(tmp_path: Path) -> None:
    table = pd.DataFrame({"image_id": list("abcd"), "scientificName": ["Aus bus", "Aus cus"] * 2, "group_id": ""})
    catalog = SimpleNamespace(specimens=table.assign(split=["train", "train", "test", "test"]))
    found = SimpleNamespace(species={"Aus bus": 2, "Aus cus": 2}, catalog=catalog)
    options = StartOptions(collection="photos", out=str(tmp_path), model="mine.py:build")
    plan = choose(options, found)  # type: ignore[arg-type]
    assert plan.annotate.allow_factory == ("mine.py:build",)
    assert "--allow-factory mine.py:build" in plan.commands("photos")
    plain = choose(options.model_copy(update={"model": "test_resnet"}), found)  # type: ignore[arg-type]
    assert plain.annotate.allow_factory == ()
