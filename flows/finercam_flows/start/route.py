"""`finercam start`: look, choose, train, annotate, evaluate, draw, answer; what is finished is kept."""

import json
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from finercam_core.catalog import Catalog
from finercam_core.catalog.splits import groups_of
from finercam_core.errors import RunError, counted
from finercam_core.permissions import allow_in_environment
from finercam_core.taxonomy.class_names import COLUMN, class_table
from finercam_flows import calls
from finercam_flows.options.first_steps import StartOptions
from finercam_flows.outcome.finished import nothing_to_do
from finercam_flows.process.machine import screen
from finercam_flows.screen.bars import run_bar
from finercam_flows.start.answers import SHOWN, next_step, pair_sentences
from finercam_flows.start.choices import Plan, choose, write_collection
from finercam_flows.start.collection import open_collection, survey

DOUBTFUL = 0.7
"""Share of held-out photographs below which a classifier is said to know little."""
REST_SECONDS = 30.0
"""What comes after the training takes at least."""
FEW = 10
"""Specimens of a species below which only large differences can be found."""
TRAINED = "training.json"
"""In a classifier's folder, written with it."""
CHOSEN = "start.json"
"""In the folder: the options that its content was made with."""


def run(options: StartOptions, console: Console) -> None:
    """Go the whole way into the folder `options.out`; a second run goes on where the first was stopped.

    Raises
    ------
    FinercamError
        From whichever step cannot be done. `RunError` if the folder was made with other options.
    """
    begin, out = time.monotonic(), Path(options.folder)
    found = survey(open_collection(options.collection))
    _say(console, f"[bold]{escape(found.catalog.name)}[/]: {escape(str(found))}.")
    plan = choose(options, found)
    _refuse_new_species(Path(plan.train.out), found.catalog)
    _keep_choices(options, plan, out)
    allow_in_environment(plan.annotate.allow_factory)
    write_collection(found.catalog, out, plan.train.folds)
    (out / "commands.sh").write_text(plan.commands(options.collection), encoding="utf-8")
    _say(
        console,
        f"Chosen, each with the option that changes it (as long commands: {escape(str(out / 'commands.sh'))}):",
    )
    _show_choices(plan, console)
    _train(plan, console)
    _annotate(plan, console)
    _evaluate(plan, console)
    with _step(console, "4 of 5", "Atlas"):
        atlas = calls.write_atlas(plan.report)
    _answer(plan, found.catalog, out, console)
    minutes = (time.monotonic() - begin) / 60
    _say(console, f"[bold green]Done[/] in {minutes:.1f} minutes. To read: {escape(str(atlas.index))}")
    if options.browser and screen():
        webbrowser.open(atlas.index.resolve().as_uri())


def _keep_choices(options: StartOptions, plan: Plan, out: Path) -> None:
    """Write down what was chosen; refuse to mix it with what was chosen otherwise."""
    chosen = {"folds": options.folds, "references": plan.annotate.references}  # fewer folds are no choice of the user's
    asked = json.loads(plan.train.model_dump_json(exclude={"device"})) | chosen
    record = out / CHOSEN
    kept = record.is_file() and (Path(plan.train.out) / TRAINED).is_file()  # before, nothing depends on the choices
    before = json.loads(record.read_text(encoding="utf-8")) if kept else asked
    changed = [name for name in asked if asked[name] != before.get(name, asked[name])]
    if changed:
        was, now = before[changed[0]], asked[changed[0]]
        raise RunError(f"{out} was made with {changed[0]} {was}, not {now}", "give another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(asked, indent=1), encoding="utf-8")


def _show_choices(plan: Plan, console: Console) -> None:
    for choice in plan.choices:
        _say(console, f"  {escape(choice.what)}: [dim]{escape(choice.why)}[/] \\[{escape(choice.option)}]")


@contextmanager
def _step(console: Console, number: str, name: str) -> Iterator[None]:
    with run_bar(f"{number} {name}", f"{number} {name}"):
        yield


def _refuse_new_species(classifier: Path, catalog: Catalog) -> None:
    """Raise `RunError` if the collection has species that were not in it when the classifier was trained."""
    if not (classifier / TRAINED).is_file():
        return
    left_out = json.loads((classifier / TRAINED).read_text(encoding="utf-8")).get("left_out", [])
    new = sorted({*catalog.species} - {*class_table(classifier / "classes.csv")[COLUMN], *left_out})
    if new:
        problem = f"{classifier} was trained before {new[0]!r} came into the collection"
        raise RunError(problem, f"give a new folder with --out, or delete {classifier.parent} to begin again")


def _train(plan: Plan, console: Console) -> None:
    record = Path(plan.train.out) / TRAINED
    if not record.is_file():
        begin = time.monotonic()
        with _step(console, "1 of 5", "Training"):
            calls.train_classifier(plan.train)
        # Maps take as long as the training, and of 772 photographs the rest, pages and sums, took that once more.
        left = 2.4 * (time.monotonic() - begin) + REST_SECONDS
        _say(console, f"  about {counted(max(1, round(left / 60)), 'minute')} left")
    accuracy = json.loads(record.read_text(encoding="utf-8"))["accuracy"]["test"]
    if accuracy["n"]:
        _say(
            console,
            f"  right on {accuracy['top1']:.0%} of {counted(accuracy['n'], 'photograph')} that it was not trained on",
        )
        if accuracy["top1"] < DOUBTFUL:
            _say(console, "  [yellow]that is little, and so will the maps say little: more photographs would help[/]")


def _annotate(plan: Plan, console: Console) -> None:
    done = nothing_to_do(plan.annotate)
    if done is None:
        from finercam_flows.direct.annotation import annotate

        with _step(console, "2 of 5", "Evidence maps"):
            found = annotate(plan.annotate)
        store, summary = found.store, found.summary
    else:
        store, summary = done
    if Path(store).resolve() != Path(plan.annotate.store).resolve():  # the next steps would read other maps
        raise RunError(f"{plan.annotate.store} holds maps made otherwise", "give another folder with --out")
    totals = summary.totals
    mapped = counted(totals["done"], "photograph has a map", "photographs have maps")
    _say(console, f"  {mapped}, {totals['failed']:,} could not be read")


def _evaluate(plan: Plan, console: Console) -> None:
    with _step(console, "3 of 5", "Evaluation"):
        if plan.evaluate.classifier:
            calls.check_with_model(plan.evaluate, plan.evaluate.classifier)
        calls.evaluate_store(plan.evaluate)


def _answer(plan: Plan, catalog: Catalog, out: Path, console: Console) -> None:
    with _step(console, "5 of 5", "Answers"):
        sentences = pair_sentences(plan.annotate.store)
    (out / "answers.txt").write_text("\n".join(sentences.values()) + "\n", encoding="utf-8")
    _say(console, "[bold]What tells them apart[/], on photographs that the model never saw:")
    for sentence in list(sentences.values())[:SHOWN]:
        _say(console, f"  {escape(sentence)}")
    if len(sentences) > SHOWN:
        _say(console, f"  and {counted(len(sentences) - SHOWN, 'more pair')} in {out / 'answers.txt'}")
    fewest = int(groups_of(catalog.specimens).groupby(catalog.specimens["scientificName"]).nunique().min())
    if fewest < FEW:
        few = counted(fewest, "specimen of a species is", "specimens of a species are")
        _say(console, f"  [yellow]{few} few: differences may be missed, {FEW} or more show smaller ones[/]")
    if step := next_step(sentences, plan.annotate.store, plan.train.out):
        _say(console, f"[dim]{escape(step)}[/]")


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
