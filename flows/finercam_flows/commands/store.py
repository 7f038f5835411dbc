"""`finercam info`: what a store holds and how it was made; `repair`: its plan from its maps; `compare`: two runs."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape

from finercam_core.errors import counted
from finercam_flows.options.store import CompareOptions, InfoOptions, RepairOptions
from finercam_flows.screen.bars import progress_bar
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command

if TYPE_CHECKING:
    from finercam_core.store import StoreSummary
    from finercam_core.store.summary import RunActivity, StoreSize


@command(InfoOptions)
def info(options: InfoOptions) -> None:
    """Show what a store holds: progress by species, rate, failures by cause, provenance, bytes.

    Example: finercam info maps.zarr --failures
    """
    from finercam_core.store import open_store, summarise
    from finercam_core.store.summary import measure

    if options.reviews:
        _reviews(options)
        return
    store = options.store
    summary, (activity, problem), size = summarise(open_store(store)), _last_run(store), measure(store)
    for sentence in (*summary.problems, *problem):
        Screen(stderr=True).print(sentence, style="yellow", markup=False, soft_wrap=True)
    if options.as_json:
        typer.echo(json.dumps({**_json(summary, activity, size), "writers": _writers(store)}, indent=1))
    else:
        _show(options, summary, activity, size)
    if options.verify and _damaged(store, Screen(stderr=options.as_json)):
        raise typer.Exit(1)


def _reviews(options: InfoOptions) -> None:
    from finercam_core.review.statistics.review_figures import review_figures
    from finercam_core.store import open_store
    from finercam_flows.screen.review_table import show_reviews

    figures = review_figures(open_store(options.store), reviewer=options.reviewer)
    if options.as_json:
        typer.echo(json.dumps(figures.to_json(), indent=1, ensure_ascii=False))
    else:
        show_reviews(figures, Screen())


def _last_run(store: str) -> "tuple[RunActivity | None, list[str]]":
    """The last run, and what is wrong with its record."""
    from finercam_core.errors import StoreError
    from finercam_core.store.summary import last_run

    try:
        return last_run(store), []
    except StoreError as error:
        return None, [str(error)]


def _show(options: InfoOptions, summary: "StoreSummary", activity: "RunActivity | None", size: "StoreSize") -> None:
    from finercam_core.store.lock import is_held
    from finercam_core.store.sharing import writers
    from finercam_flows.screen import info_table

    console = Screen()
    info_table.show_provenance(options.store, summary, console)
    info_table.show_run(activity, console, held=is_held(options.store))
    info_table.show_writers(writers(options.store), console)
    info_table.show_size(size, summary, console)
    info_table.show_species(summary, console, everyone=options.species)
    info_table.show_causes(summary, console, listed=options.failures)
    if options.failures:
        info_table.show_failures(summary, console)


def _json(summary: "StoreSummary", activity: "RunActivity | None", size: "StoreSize") -> dict[str, Any]:
    """All figures as plain values."""
    last = None if activity is None else {**asdict(activity), "rate": activity.rate}
    return {
        "provenance": summary.provenance.to_json(),
        "totals": summary.totals,
        "causes": summary.causes,
        "last_run": last,
        "size": asdict(size),
        "species": summary.species.to_dict("records"),
        "failures": summary.failures.to_dict("records"),
        "rejected": summary.rejected.to_dict("records"),
    }


def _writers(store: str) -> list[dict[str, Any]]:
    from finercam_core.store.sharing import writers

    return [asdict(one) for one in writers(store)]


def _damaged(store: str, console: Console) -> bool:
    from finercam_core.store import verify

    with progress_bar() as bar:
        task = bar.add_task("Checking chunks", total=None, note="")
        damaged = verify(store, progress=lambda done, total: bar.update(task, completed=done, total=total))
    for damage in damaged:
        console.print(f"[red]{escape(damage.where)}[/]: {escape(damage.reason)}", soft_wrap=True)
    chunks, files = sum(bool(damage.group) for damage in damaged), sum(not damage.group for damage in damaged)
    again = ", `finercam annotate … --verify` computes them again" if chunks else ""
    beside = f"; {counted(files, 'damaged file')} beside them" if files else ""
    console.print(f"{counted(chunks, 'damaged chunk')}{again}{beside}")
    return bool(damaged)


@command(RepairOptions)
def repair(options: RepairOptions) -> None:
    """Rebuild a store's plan from its maps, if it is damaged or gone, and say what could not be saved.

    Example: finercam repair maps.zarr
    """
    from finercam_core.store import repair as rebuild

    done, console = rebuild(options.store), Screen()
    what = "was repaired" if done.rebuilt else "is sound"
    figures = f"{counted(done.specimens, 'specimen')} of {done.species:,} species, {done.finished:,} with maps"
    console.print(f"{options.store} {what}: {figures}.", soft_wrap=True, markup=False, highlight=False)
    for sentence in done.lost:
        console.print(f"  not saved: {sentence}", style="yellow", soft_wrap=True, markup=False, highlight=False)


@command(CompareOptions)
def compare(options: CompareOptions) -> None:
    """Say how far the maps and findings of two runs lie apart, such as before and after a new classifier.

    Example: finercam compare maps.zarr maps.run-0123456789ab.zarr --out moved
    """
    from finercam_core.diagnosis.runs import compare_runs, write_comparison
    from finercam_core.store import open_store
    from finercam_flows.screen.comparison_table import show_comparison

    a, b = open_store(options.a), open_store(options.b)
    with progress_bar() as bar:
        task = bar.add_task("Comparing", total=None, note="")
        found = compare_runs(
            a, b, gamma=options.gamma, pairs=options.pairs,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    show_comparison(found, Screen())
    if options.out is not None:
        write_comparison(found, Path(options.out))
        Screen().print(f"Written to {options.out}.", markup=False, soft_wrap=True, highlight=False)
