"""What is printed is text: no markup of a name is obeyed, and no control character reaches a terminal or a page."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from finercam_flows.cli import main
from finercam_flows.screen import info_table
from finercam_flows.screen.console import Screen
from hostile_names import hostile_names
from markdown_it import MarkdownIt
from matplotlib.figure import Figure
from planned_store import plan_at
from rich.markup import escape
from rich.table import Table

from finercam_core.errors import FinercamError
from finercam_core.evaluate.tables import markdown
from finercam_core.images.pictures import save_png
from finercam_core.markdown import as_text, cells, published
from finercam_core.redaction import visible
from finercam_core.store import open_store, summarise

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
OWN = "\x1b[31m\x1b]0;owned\x07\x1b]8;;http://evil.example\x07x\x9b2J[/]"


def on_a_terminal() -> tuple[Screen, io.StringIO]:
    file = io.StringIO()
    return Screen(file=file, force_terminal=True, width=200, color_system="standard"), file


def escapes(text: str) -> list[str]:
    """What a terminal would obey, but for rich's colours."""
    return CONTROL.findall(COLOURS.sub("", text))


@pytest.mark.parametrize("name", ["no[/]such.zarr", "[bold]x.zarr", "x[red", "a\x1b]0;owned\x07.zarr", ":smile:.zarr"])
def test_an_error_shows_the_name_as_it_is(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["info", name])
    said = capfd.readouterr().err
    assert ended.value.code == 1
    assert visible(name) in said
    assert escapes(said) == []


def test_brackets_of_an_extra_are_shown(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise FinercamError("there is no napari", 'pip install "finercam[viewer]"')

    monkeypatch.setattr("finercam_flows.cli.app", fail)
    with pytest.raises(SystemExit):
        main(["review", "maps.zarr"])
    assert capfd.readouterr().err == 'finercam: there is no napari\n  pip install "finercam[viewer]"\n'


def test_a_hundred_hostile_names_on_a_terminal() -> None:
    names = hostile_names()
    console, file = on_a_terminal()
    table = Table("species")
    for name in names:
        console.print(f"[yellow]{escape(name)}[/]", soft_wrap=True, highlight=False)
        console.print(name, soft_wrap=True, highlight=False, markup=False)
        console.print(name)  # forgotten somewhere: broken markup is no error, and no escape gets through
        table.add_row(escape(name))
    console.print(table)
    assert escapes(file.getvalue()) == []
    shown = COLOURS.sub("", file.getvalue())
    for name in names:
        lines = [line.rstrip() for line in visible(name).expandtabs(8).splitlines() if line.strip()]
        assert all(line in shown for line in lines), name
    print(f"hostile names, printed: {len(names)} names, {len(escapes(file.getvalue()))} escapes")


def test_a_store_of_hostile_names_is_shown_in_full(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", {"Aus bus": 2}, vernacularName=OWN)
    summary = summarise(open_store(store.location))
    row = {"scientificName": "[/]", "specimens": 2, "done": 1, "failed": 1, "pending": 0}
    summary = replace(
        summary,
        species=pd.DataFrame([row, {**row, "scientificName": OWN}]),
        failures=pd.DataFrame([{"image_id": OWN, "status": "MISSING", "detail": "[/red]", "place": OWN}]),
        provenance=summary.provenance.model_copy(update={"collection": OWN, "catalog": "[/x]"}),
    )
    console, file = on_a_terminal()
    info_table.show_provenance("maps.zarr", summary, console)
    info_table.show_species(summary, console, everyone=True)
    info_table.show_failures(summary, console)
    shown = COLOURS.sub("", file.getvalue())
    assert escapes(file.getvalue()) == []
    assert shown.count(visible(OWN)) == 3, "collection, species, failure"
    assert "[/]" in shown
    assert "[/red]" in shown
    main_says_the_same(store.location, capfd)


def main_says_the_same(location: str, capfd: pytest.CaptureFixture[str]) -> None:
    main_ended(["info", location, "--json"])
    assert escapes(capfd.readouterr().out) == []


def main_ended(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0


def test_errors_have_no_control_characters() -> None:
    assert escapes(str(FinercamError(OWN, OWN))) == []
    assert str(FinercamError("a\nb")) == "a\nb"
    assert visible("\x1b[31m\x7f\x9b\u202e") == "␛[31m␡��"


def test_every_command_prints_on_our_own_console() -> None:
    flows = Path(info_table.__file__).parents[1]
    users = {path.name for path in flows.rglob("*.py") if re.search(r"(?<![\w.])Console\(", path.read_text("utf-8"))}
    assert users == set()


def elements(text: str) -> set[str]:
    """Elements that a reader of Markdown makes of a text, with HTML and links allowed."""
    found: set[str] = set()
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        found |= {token.type} | {child.type for child in token.children or ()}
    return found


HARM = {"html_inline", "html_block", "link_open", "image"}


def test_a_hundred_hostile_names_in_artifacts() -> None:
    names = hostile_names()
    for name in names:
        assert (
            elements(f"- not shown: {as_text(name)}: reason") & (HARM | {"code_inline", "em_open", "strong_open"})
            == set()
        )
        assert elements(published(f"# Evaluation\n\n{name}\n")) & HARM == set()
        (cell,) = cells([{"species": name}])
        assert "<" not in str(cell["species"])
        assert elements(str(cell["species"])) & HARM == set()
        table = markdown(pd.DataFrame({"species": [name], "n": [3]}))
        assert elements(table) & HARM == set()
        assert table.count("\n") == 3, "one row"
        assert escapes(as_text(name) + published(name) + str(cell) + table) == []
    print(f"hostile names, artifacts: {len(names)} names, 0 scripts, 0 links")


def test_a_dollar_in_a_name_is_no_formula(tmp_path: Path) -> None:
    figure = Figure(figsize=(2, 1))
    figure.add_subplot().set_title(r"Aus $\frac{1}{ bus")
    save_png(figure, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 500
