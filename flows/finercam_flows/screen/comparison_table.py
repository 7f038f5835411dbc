"""What `finercam compare` prints: species whose maps moved most first, findings that moved, what was not measured."""

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finercam_core.diagnosis.runs import RunComparison
from finercam_core.errors import counted

SHOWN = 20
NOT = "not measured"


def show_comparison(found: RunComparison, console: Console) -> None:
    """Print both tables; what was not measured is said with its reason, never as a number."""
    console.print(f"A: {found.a}\nB: {found.b}", markup=False, soft_wrap=True, highlight=False)
    measured = found.maps["cosine"].notna()
    console.print(_summary(found.maps, measured), markup=False, soft_wrap=True, highlight=False)
    console.print(_maps(found.maps.sort_values(["cosine", "species"], na_position="last").head(SHOWN)))
    _more(len(found.maps), "species", console)
    console.print(_findings(found.findings.head(SHOWN)))
    _more(len(found.findings), "rows of findings", console)


def _summary(maps: pd.DataFrame, measured: "pd.Series[bool]") -> str:
    n = int(maps.loc[measured, "n"].sum())
    left = counted(int((~measured).sum()), "species", "species")
    if not n:
        return f"Maps: {NOT} in {left}."
    cosine = maps.loc[measured, "cosine"].median()
    text = f"Maps of {counted(n, 'specimen')} of {int(measured.sum()):,} species: median cosine {cosine:.3f}"
    return f"{text}; {NOT} in {left}." if not measured.all() else f"{text}."


def _maps(rows: pd.DataFrame) -> Table:
    table = Table("species", "n", "A alone", "B alone", "cosine", "10 %", "rank", "same choice", "", box=None,
                  pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")  # fmt: skip
    for row in rows.to_dict("records"):
        figures = [_number(row[key]) for key in ("cosine", "cosine_low", "rank")]
        choice = NOT if pd.isna(row["same_choice"]) else f"{row['same_choice']:.0%}"
        alone = [str(int(row[key])) for key in ("n", "only_a", "only_b")]
        why = "" if pd.isna(row["not_measured"]) else str(row["not_measured"])
        table.add_row(escape(str(row["species"])), *alone, *figures, choice, f"[dim]{escape(why)}[/]")
    return table


def _findings(rows: pd.DataFrame) -> Table:
    table = Table("pair", "place", "in A", "in B", "", box=None, pad_edge=False, padding=(0, 2, 0, 0),
                  header_style="bold")  # fmt: skip
    for row in rows.to_dict("records"):
        pair = f"{row['species']} – {row['reference']}" if row["species"] else "findings"
        if row["not_measured"]:
            table.add_row(escape(pair), "", NOT, NOT, f"[dim]{escape(str(row['not_measured']))}[/]")
            continue
        place = "" if pd.isna(row["place"]) else str(row["place"])
        words = [escape(text) for text in (place, str(row["word_a"]), str(row["word_b"]))]
        table.add_row(escape(pair), *words, "[yellow]moved[/]" if row["moved"] else "[green]as before[/]")
    return table


def _number(value: float) -> str:
    return NOT if pd.isna(value) else f"{value:.3f}"


def _more(rows: int, noun: str, console: Console) -> None:
    if rows > SHOWN:
        console.print(f"{rows - SHOWN:,} further {noun}: write them with --out", style="dim", highlight=False)
