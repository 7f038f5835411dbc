"""What `finercam doctor` prints."""

import json
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finercam_core.extras import EXTRAS, install_hint
from finercam_core.redaction import visible, without_secrets
from finercam_flows.process.machine import Machine

USES = {
    "explain": "train, annotate, faithfulness",
    "backbone": "a small model that needs no network",
    "flows": "schedules, several processes, Prefect's pages",
    "cluster": "workers that start containers and jobs of Kubernetes",
    "viewer": "review in napari",
    "web": "review in a browser",
    "clip": "classifiers made of prompts",
    "baselines": "other explainers to compare with",
    "s3": "stores in object storage",
    "export": "OME-Zarr, GeoJSON, YOLO, Web Annotation, IIIF",
    "croissant": "Croissant catalogs",
    "near-identical": "photographs that look the same",
    "tables": "spreadsheets as catalogs",
}


def show_machine(found: Machine, console: Console) -> None:
    """Print versions, extras, GPU, screen and disk, then what is wrong."""
    console.print(_facts(found))
    console.print(_extras(found))
    console.print(_settings(found))
    if not found.problems:
        console.print("[green]Nothing is wrong.[/]")
    for problem in found.problems:
        console.print(f"[yellow]![/] {escape(problem)}", soft_wrap=True, highlight=False)


def machine_as_json(found: Machine) -> str:
    """Everything as JSON, for programs and for bug reports."""
    return json.dumps({**asdict(found), "problems": found.problems}, indent=1)


def _facts(found: Machine) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    versions = [f"{name} {number}" for name, number in found.versions.items() if number]
    table.add_row("[bold]versions", ", ".join(versions))
    table.add_row("[bold]processors", str(found.processors))
    table.add_row("[bold]GPU", found.gpu)
    table.add_row("[bold]screen", found.screen or "none")
    table.add_row("[bold]free disk", f"{found.free / 1e9:.0f} GB here")
    table.add_row("[bold]hub of models", "answers" if found.hub else "cannot be reached")
    return table


def _settings(found: Machine) -> Table:
    table = Table("setting", "value", "what it is", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for each in found.settings:
        value = escape(visible(without_secrets(each.value))) or f"[dim]{each.default or 'not set'}[/]"
        table.add_row(each.variable, value, each.description)
    return table


def _extras(found: Machine) -> Table:
    table = Table("extra", "for", "state", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for extra in EXTRAS:
        lacking = found.lacking[extra]
        state = "[green]installed[/]" if not lacking else f"[dim]without {lacking[0]}: {escape(install_hint(extra))}[/]"
        table.add_row(extra, USES[extra], state)
    return table
