"""What is chosen for a collection and a machine, why, and which option changes it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from finercam_core.catalog import Catalog
from finercam_core.catalog.splits import deal_splits, groups_of
from finercam_core.errors import TrainingError, counted
from finercam_core.permissions import is_factory
from finercam_core.references import REFERENCES
from finercam_core.strengths import GAMMA
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.options.evaluate import EvaluateOptions
from finercam_flows.options.first_steps import StartOptions
from finercam_flows.options.report import ReportOptions
from finercam_flows.options.train import TrainOptions
from finercam_flows.process.model_choice import SMALL, choose_model
from finercam_flows.start.collection import Survey

SIZE = 320
"""Side of the input of a small network: cells of a tenth of the photograph instead of a seventh."""
FEW = 1000
"""Photographs up to which a processor takes the larger input."""
CHECKED = 24
"""Specimens at most whose faithfulness is measured."""
_FEW_CHECKS: dict[str, Any] = {"gammas": (GAMMA,), "weightings": ("mean",), "limit": CHECKED, "steps": 10}


@dataclass(frozen=True)
class Choice:
    """One thing that was chosen.

    Attributes
    ----------
    what, why : str
        In words.
    option : str
        What changes it.
    """

    what: str
    why: str
    option: str


@dataclass(frozen=True)
class Plan:
    """The options of every step.

    Attributes
    ----------
    train, annotate, evaluate, report : Options
        Of the commands of these names.
    choices : sequence of Choice
    """

    train: TrainOptions
    annotate: AnnotateOptions
    evaluate: EvaluateOptions
    report: ReportOptions
    choices: Sequence[Choice]

    def commands(self, source: str) -> str:
        """The long commands that do the same, as a file to run, to change and to keep."""
        lines = [
            "# What `finercam start` did, step by step. Change a line and run it again; finished work is kept.",
            f"finercam catalog check {shlex.quote(source)}",
            *(
                _written(name, options)
                for name, options in (
                    ("train", self.train), ("annotate", self.annotate),
                    ("evaluate", self.evaluate), ("report", self.report),
                )
            ),
            f"finercam review {shlex.quote(self.annotate.store)}",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def _written(name: str, options: TrainOptions | AnnotateOptions | EvaluateOptions | ReportOptions) -> str:
    """A command with every option that is not the default."""
    words = ["finercam", name]
    for key, field in type(options).model_fields.items():
        value, flag = getattr(options, key), "--" + key.replace("_", "-")
        if value == field.default:
            continue
        if key in ("catalog", "store") and len(words) == 2:
            words.append(shlex.quote(str(value)))
        elif isinstance(value, tuple | list):
            words += [word for each in value for word in (flag, shlex.quote(str(each)))]
        elif isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        else:
            words += [flag, shlex.quote(str(value))]
    return " ".join(words)


def choose(options: StartOptions, found: Survey) -> Plan:
    """Choose everything for a collection on this machine.

    Parameters
    ----------
    options : StartOptions
        What the user has chosen wins.
    found : Survey

    Raises
    ------
    TrainingError
        If there are fewer than two species, or no model for this machine.
    """
    counts = found.species
    if len(counts) < 2:
        raise TrainingError(f"there is one species, {next(iter(counts))}", "give photographs of two or more to compare")
    out = Path(options.folder)
    model, why = (options.model, "as you asked") if options.model else choose_model(options.device)
    size = options.size or (SIZE if model == SMALL and len(found.catalog.specimens) <= FEW else None)
    references = options.references or min(len(counts) - 1, REFERENCES)
    checks, folds = options.checks, _folds(options, found.catalog)
    catalog, classifier, store = str(out / "collection.toml"), str(out / "classifier"), str(out / "maps.zarr")
    allowed = (model,) if is_factory(model) else ()  # the user named it; the folder that names it again is our own
    train = TrainOptions(
        catalog=catalog, model=model, out=classifier, size=size, fit="pad", device=options.device, folds=folds,
        cache=str(out / "features.zarr"),
    )  # fmt: skip
    annotate = AnnotateOptions(
        catalog=catalog, classifier=classifier, store=store, references=references, device=options.device,
        allow_factory=allowed,
    )  # fmt: skip
    evaluate = EvaluateOptions(
        store=store, out=str(out / "evaluation"), classifier=classifier if checks else None, device=options.device,
        allow_factory=allowed if checks else (),
        **_FEW_CHECKS if checks else {},
    )  # fmt: skip
    report = ReportOptions(store=store, out=str(out / "atlas"), evaluation=str(out / "evaluation") if checks else None)
    side = f"{size} pixels, photographs shown whole" if size else "the model's own size, photographs shown whole"
    compared = counted(references, "look-alike")
    choices = [
        Choice(f"model {model}", why, "--model NAME"),
        Choice(f"input of {side}", "finer cells show smaller differences", "--size PIXELS"),
        Choice("a linear head on the frozen model", "it needs few photographs", "finercam train --mode finetune"),
        _held_out(folds, found.catalog),
        Choice(f"{compared} for each species, γ = {GAMMA}", "closest relatives first", "--references N"),
        Choice(
            f"faithfulness on {CHECKED} photographs at most" if checks else "no check of faithfulness",
            "whether the model uses what the maps show", "--no-checks" if checks else "--checks",
        ),
    ]  # fmt: skip
    return Plan(train, annotate, evaluate, report, choices)


def _folds(options: StartOptions, catalog: Catalog) -> int:
    """Folds of a cross-fitting; 0 where the collection has a test split, or a species has too few specimens."""
    table = catalog.specimens
    if (table["split"] == "test").any():
        return 0
    fewest = int(groups_of(table).groupby(table["scientificName"]).nunique().min())
    return min(options.folds, fewest) if fewest >= 2 and options.folds >= 2 else 0


def _held_out(folds: int, catalog: Catalog) -> Choice:
    why = "figures are of photographs the model never saw"
    if folds:
        return Choice(f"{folds} heads, each without a part of the photographs", why, "--folds N")
    if (catalog.specimens["split"] == "test").any():
        return Choice("the collection's own test photographs held out", why, "its split column")
    return Choice("a third of each species held out", why, "--folds N")


def write_collection(catalog: Catalog, out: Path, folds: int = 0) -> Path:
    """Write the collection as it was understood: a table, and the manifest that every command takes.

    Splits of the collection's own are kept. Without them and without cross-fitting a third of the specimens of each
    species is held out, and a tenth chooses the strength of the head.
    """
    table = catalog.specimens
    if not folds:
        table = table.assign(split=deal_splits(table, val=0.1, test=0.3))
    columns = [name for name in table.columns if name != "fault" and (table[name] != "").any()]
    out.mkdir(parents=True, exist_ok=True)
    table[columns].to_csv(out / "collection.csv", index=False, lineterminator="\n")
    about = {"name": catalog.name, "root": catalog.root, "names": catalog.names}
    manifest = {
        "collection": about,
        "tables": [{"path": str((out / "collection.csv").resolve())}],
        "columns": {name: name for name in columns},
    }
    path = out / "collection.toml"
    path.write_text(tomli_w.dumps(manifest), encoding="utf-8")
    return path
