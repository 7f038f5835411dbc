"""What `finercam catalog check` prints."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from finercam_core.errors import counted

if TYPE_CHECKING:
    from finercam_core.catalog.check import CatalogCheck, Finding

_SIGNS = {"error": "[bold red]✗[/]", "warning": "[yellow]![/]", "note": "[dim]·[/]"}
_HEADINGS = {"error": "[bold red]Cannot be used", "warning": "[bold yellow]May mislead", "note": "[bold]Worth knowing"}
_SHOWN = 3


def show(result: "CatalogCheck", console: Console, *, details: bool = False) -> None:
    """Print what is in a catalog, its licences, and what is unusual about it.

    Parameters
    ----------
    result : CatalogCheck
    console : rich.console.Console
    details : bool
        Whether to print every case instead of the first three.
    """
    console.print(f"\n[bold]{escape(result.name)}[/]  [dim]{escape(result.root)}[/]", highlight=False, soft_wrap=True)
    console.print(_contents(result), _licences(result), highlight=False)
    if not result.findings:
        console.print("Nothing unusual was found.\n")
        return
    width = max(len(f"{finding.count:,}") for finding in result.findings)
    for level, heading in _HEADINGS.items():
        findings = [finding for finding in result.findings if finding.level == level]
        if findings:
            console.print(heading, _findings(findings, width), "", highlight=False, sep="\n")
    if details:
        _details(result, console)
    else:
        console.print("[dim]Every case: --details, or --json FILE[/]")


def _contents(result: "CatalogCheck") -> Table:
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column()
    for name, text in _facts(result):
        table.add_row(name, text)
    return table


def _facts(result: "CatalogCheck") -> Iterator[tuple[str, str]]:
    n = {name: f"{count:,}" for name, count in result.counts.items()}
    images, repeats = counted(result.counts["images"], "image"), counted(result.counts["repeats"], "repetition")
    yield "rows", f"{n['rows']} read: {images}, {repeats}, {n['rejected']} rejected"
    masks = f"; {n['masks']} have a mask" if result.counts["masks"] else ""
    yield "images", f"{n['usable']} usable, {_images_read(result)}{masks}"
    yield "species", f"{n['species']}, of which {n['referable']} can be references"
    yield "higher taxa", ", ".join(_higher(result))
    sizes = [f"{count:,} with {size}" for size, count in result.images_a_species.items() if count]
    yield "images per species", ", ".join(sizes)
    splits = [f"{count:,} {name or 'without'}" for name, count in result.splits.items() if count]
    yield "splits", ", ".join(splits) if result.splits[""] < result.counts["images"] else "none"
    yield "groups", f"{n['groups']} source images or specimens" if result.counts["groups"] else "none"


def _higher(result: "CatalogCheck") -> Iterator[str]:
    for singular, plural in (("genus", "genera"), ("family", "families"), ("order", "orders")):
        count = result.counts[plural]
        yield f"{count:,} {singular if count == 1 else plural}"


def _images_read(result: "CatalogCheck") -> str:
    descriptions = {"opened": "each local one was opened", "listed": "looked for by name, not opened"}
    return descriptions.get(result.images, "not looked at")


def _licences(result: "CatalogCheck") -> Padding:
    table = Table("licence", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("images", justify="right")
    table.add_column("written as")
    for row in result.licences.head(12).to_dict("records"):
        spellings = [text if len(text) < 40 else f"{text[:38]}…" for text in row["spellings"]]
        shown = ", ".join(spellings[:_SHOWN]) + f" and {len(spellings) - _SHOWN} more" * (len(spellings) > _SHOWN)
        name = row["licence"] if len(row["licence"]) < 30 else f"{row['licence'][:28]}…"
        table.add_row(escape(name) or "[yellow]none[/]", f"{row['images']:,}", f"[dim]{escape(shown)}[/]")
    if len(result.licences) > 12:
        rest = result.licences.iloc[12:]
        table.add_row(f"{len(rest)} others", f"{rest['images'].sum():,}", "")
    return Padding(table, (1, 0))


def _findings(findings: "Sequence[Finding]", width: int) -> Table:
    """One line per finding, with the first cases and what to do below it."""
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(width=1)
    table.add_column(justify="right", no_wrap=True, min_width=width)
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(_SIGNS[finding.level], f"[bold]{finding.count:,}[/]", escape(finding.title))
        table.add_row("", "", f"[dim]{escape(_first(finding))}[/]")
        if finding.remedy:
            table.add_row("", "", f"[dim italic]→ {escape(finding.remedy)}[/]")
    return table


def _first(finding: "Finding") -> str:
    rest = len(finding.cases) - _SHOWN
    return "; ".join(finding.examples(_SHOWN)) + f"; and {rest:,} more" * (rest > 0)


def _details(result: "CatalogCheck", console: Console) -> None:
    for finding in result.findings:
        console.print(f"\n[bold]{finding.count:,} {escape(finding.title)}[/]", highlight=False)
        for text in finding.examples():
            console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
