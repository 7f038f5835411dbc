"""Each option is described once: command, Prefect form, example file, docs and the core's own defaults agree."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import pytest
import typer
from finercam_flows import calls
from finercam_flows.cli import app
from finercam_flows.options import COMMANDS, FLOWS
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.options.catalog import FetchOptions, SplitOptions
from finercam_flows.options.evaluate import EvaluateOptions, Fill
from finercam_flows.options.export import ExportOptions, MaskFormat
from finercam_flows.options.report import ReportOptions
from finercam_flows.options.train import TrainingMode, TrainOptions
from finercam_flows.serving import entrypoint
from finercam_flows.serving.config import read_config
from finercam_flows.serving.entrypoint import flow_at, parameter_errors
from finercam_flows.signatures.base import Options, bounds_of, command_line, is_command_only
from finercam_flows.signatures.command import OLD_FLAGS, command
from finercam_flows.signatures.page import page
from PIL import Image
from planned_store import SETTINGS, fill, plan_at
from prefect.utilities.callables import parameter_schema
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]


def commands() -> dict[str, Any]:
    """Every command as typer makes it, by the words that call it."""
    found: dict[str, Any] = {}

    def walk(node: Any, words: tuple[str, ...]) -> None:
        children = getattr(node, "commands", {})
        for name, child in children.items():
            # A hidden default, such as that of `review`, is called by the name of its group.
            walk(child, words if name == getattr(node, "default", "") else (*words, name))
        if not children:
            found[" ".join(words)] = node

    walk(typer.main.get_command(app), ())
    return found


def test_every_command_has_a_model() -> None:
    assert set(commands()) == set(COMMANDS)
    assert set(FLOWS.values()) == set(entrypoint.FLOWS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_its_model_says(name: str) -> None:
    options, parameters = COMMANDS[name], inspect.signature(commands()[name].callback).parameters
    hidden = [f"old_{old}" for old in OLD_FLAGS if old in options.model_fields]
    assert list(parameters) == [*options.model_fields, *hidden]
    for field_name, field in options.model_fields.items():
        kind, shown = get_args(parameters[field_name].annotation)
        assert shown.help.removesuffix(" Repeatable.") == field.description
        assert parameters[field_name].default == (inspect.Parameter.empty if field.is_required() else field.default)
        assert (shown.min, shown.max) == bounds_of(field)
        flag = command_line(field_name, field).flag
        assert isinstance(shown, typer.models.OptionInfo if flag else typer.models.ArgumentInfo)
        assert flag in ("", shown.default, *(shown.param_decls or ()))
        assert (list in (get_origin(kind), *map(get_origin, get_args(kind)))) == shown.help.endswith(" Repeatable.")


@pytest.mark.parametrize("name", FLOWS)
def test_a_form_says_what_its_model_says(name: str) -> None:
    options = COMMANDS[name]
    schema = flow_at(f"finercam_flows.{FLOWS[name]}.{FLOWS[name]}", "").parameters
    own = options.model_json_schema()
    taken = {key: field for key, field in options.model_fields.items() if not is_command_only(field)}
    assert list(schema.properties) == list(taken)
    assert sorted(schema.required) == sorted(own["required"])
    for field_name, field in taken.items():
        shown, described = schema.properties[field_name], own["properties"][field_name]
        assert shown["description"] == field.description
        position = {"position", "title"}
        assert {k: v for k, v in shown.items() if k not in position} == {
            k: v for k, v in described.items() if k not in position
        }


@pytest.mark.parametrize("name", FLOWS)
def test_a_file_takes_what_the_form_takes_whoever_reads_it(name: str) -> None:
    """`finercam serve` and `prefect deploy` read one file: both judge it by the flow, which is made of the model."""
    options, flow = COMMANDS[name], flow_at(f"finercam_flows.{FLOWS[name]}.{FLOWS[name]}", "")
    taken = {key: field for key, field in options.model_fields.items() if not is_command_only(field)}
    assert parameter_schema(flow).properties == flow.parameters.properties
    defaults_of = {key: field.default for key, field in taken.items() if not field.is_required()}
    assert not parameter_errors(flow, defaults_of, complete=False)
    for wrong in ("no_such_field", *(key for key in options.model_fields if key not in taken)):
        assert parameter_errors(flow, {wrong: "x"}, complete=False) == [f"there is no parameter {wrong}"]
    for key, field in taken.items():
        low, _ = bounds_of(field)
        if low is not None:
            assert parameter_errors(flow, {key: low - 1}, complete=False)


def test_the_page_of_options_is_current() -> None:
    written = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    assert written == page(COMMANDS, FLOWS), "write it again with: python -m finercam_flows.options"


def test_the_example_file_leaves_defaults_to_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "flows" / "finercam_flows")
    models = {FLOWS[name]: COMMANDS[name] for name in FLOWS}
    for deployment in read_config(Path("prefect.yaml")):
        model = models[deployment.flow.name]
        options = model(**deployment.parameters)
        repeated = {key for key in deployment.parameters if getattr(options, key) == model.model_fields[key].default}
        assert not repeated - {"format"}  # shown because whoever presses Run may change it


def defaults(function: Any) -> dict[str, Any]:
    """Defaults of a function of the core, by parameter."""
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if one.default is not inspect.Parameter.empty}


CORE = {
    "finercam_core.explain.engine.plan.plan_store": (AnnotateOptions, ["references", "method", "gamma"]),
    "finercam_core.explain.engine.shard.annotate_chunks": (AnnotateOptions, ["batch_size"]),
    "finercam_core.evaluate.Protocol": (EvaluateOptions, ["gamma", "weighting", "split", "top", "seed"]),
    "finercam_core.evaluate.with_model.checks.check": (
        EvaluateOptions,
        ["gammas", "weightings", "methods", "baselines", "fill", "steps", "batch_size"],
    ),
    "finercam_core.export.export": (ExportOptions, ["format", "which", "reviewer", "gamma", "top"]),
    "finercam_core.report.report": (ReportOptions, ["gamma", "images"]),
    "finercam_core.train.train": (TrainOptions, ["mode", "pretrained", "minimum_images", "cache", "device"]),
    "finercam_core.catalog.split_file.write_splits": (SplitOptions, ["val", "test", "anew"]),
    "finercam_core.fetch.fetch": (FetchOptions, ["retry_failed", "verify"]),
}


@pytest.mark.parametrize("name", CORE)
def test_the_core_has_the_same_defaults(name: str) -> None:
    module, _, function = name.rpartition(".")
    options, names = CORE[name]
    expected = defaults(getattr(importlib.import_module(module), function))
    assert {key: options.model_fields[key].default for key in names} == {key: expected[key] for key in names}


def test_a_fetch_has_the_limits_of_the_core_by_default() -> None:
    from finercam_core.fetch import FetchSettings

    assert calls.fetch_settings(FetchOptions(catalog="c.csv", to="images")) == FetchSettings()


def test_choices_are_those_of_the_core() -> None:
    from finercam_core.evaluate.with_model.masked_pixels import FILLS
    from finercam_core.export import FORMATS
    from finercam_core.train.settings import MODES

    for kind, known in ((MaskFormat, FORMATS), (TrainingMode, MODES), (Fill, FILLS)):
        assert get_args(get_args(kind)[0]) == tuple(known)


LIGHT = {
    "catalog check": ["{table}"],
    "catalog split": ["{table}", "--out", "{folder}/splits.csv"],
    "catalog fetch": ["{table}", "--to", "{folder}/images"],
    "info": ["{store}"],
    "report": ["{store}", "--out", "{folder}/atlas"],
    "export": ["{store}", "--to", "{folder}/masks", "--which", "automatic"],
}


@pytest.mark.parametrize("name", LIGHT)
def test_light_commands_import_neither_prefect_nor_torch(name: str, tmp_path: Path, make_collection: Any) -> None:
    table = make_collection(tmp_path / "from", {"Aus bus": 3, "Aus cus": 2})
    known = {**SETTINGS["classifier"], "target_layer": "features", "weights_sha256": "0" * 64}
    settings = {**SETTINGS, "classifier": known, "kind": "evidence", "versions": {"finercam": "0.1.0"}}
    counts = {"Aus bus": 3, "Aus cus": 2}
    store = plan_at(f"{tmp_path}/maps.zarr", tmp_path / "from", counts, settings=settings).location
    fill(store)
    for path in (tmp_path / "from").glob("*.png"):
        Image.open(path).convert("RGB").save(path.with_suffix(".jpg"))
    words = [*name.split(), *(word.format(table=table, folder=tmp_path, store=store) for word in LIGHT[name])]
    code = f"""
import sys
from finercam_flows.cli import main
try:
    main({words!r})
except SystemExit as end:
    assert not end.code, end.code
print("loaded", sorted({{"prefect", "torch", "timm", "napari"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded []"


def one_command(options: type[Options], seen: list[Options]) -> typer.Typer:
    single = typer.Typer()
    single.command()(command(options)(seen.append))
    return single


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store and a table in the current folder: what is not there is refused before a command begins."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "maps.zarr").mkdir()
    (tmp_path / "maps.zarr" / "zarr.json").write_text("{}")
    (tmp_path / "birds.csv").write_text("path,scientificName\n")


def test_old_flags_work_and_name_the_new_ones(places: None) -> None:
    seen: list[Any] = []
    words = ["maps.zarr", "--out", "o", "--grid", "0.3", "--grid", "1", "--method", "hirescam", "--baseline", "all"]
    done = CliRunner().invoke(one_command(EvaluateOptions, seen), [*words, "--grid-weighting", "softmax"])
    assert done.exit_code == 0, done.output
    (options,) = seen
    assert (list(options.gammas), list(options.methods), list(options.baselines)) == ([0.3, 1.0], ["hirescam"], ["all"])
    assert list(options.weightings) == ["softmax"]
    assert "--grid is called --gammas now; the old name still works." in done.output


def test_values_that_do_not_fit_are_wrong_usage() -> None:
    for words, said in (
        (["--device", "gpu"], "'gpu': Where the model runs: auto, cpu"),
        (["--top", "0"], "Input should be greater than 0"),
        (["--limit", "-1"], "should be greater than or equal to 0"),
        (["--fill", "grey"], "'grey' is not one of"),
    ):
        done = CliRunner().invoke(one_command(EvaluateOptions, []), ["maps.zarr", "--out", "o", *words])
        assert done.exit_code == 2
        assert said in " ".join(done.output.replace("│", " ").split())


def test_settings_are_pairs_on_the_command_line_and_a_mapping_in_a_file(places: None) -> None:
    seen: list[Any] = []
    words = ["birds.csv", "--model", "resnet18", "--out", "o"]
    single = one_command(TrainOptions, seen)
    done = CliRunner().invoke(single, [*words, "--set", "max_steps=3", "--set", "strengths = 0.1,1"])
    assert done.exit_code == 0, done.output
    assert seen[0].settings == {"max_steps": "3", "strengths": "0.1,1"}
    assert CliRunner().invoke(single, [*words, "--set", "epochs"]).exit_code == 2
    assert NoneType in get_args(TrainOptions.model_fields["settings"].annotation)
