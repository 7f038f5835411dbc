"""Where CONTRIBUTING and the architecture say that things are, they are; and the rooms stay walkable."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("", "finercam_core", "flows/finercam_flows")


def paths_in(page: str) -> list[str]:
    """Everything in backticks that is written as a path."""
    text = (ROOT / page).read_text(encoding="utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return sorted({path for path in re.findall(r"`([A-Za-z_./]+)`", text) if "/" in path})


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_that_a_page_names_exists(page: str) -> None:
    paths = paths_in(page)
    assert len(paths) > 3
    missing = [path for path in paths if not any((ROOT / room / path).exists() for room in ROOMS)]
    assert not missing


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
)
def test_every_file_that_a_page_links_to_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target}
    missing = [target for target in targets if target and not (ROOT / page).parent.joinpath(target).exists()]
    assert not missing


def test_the_map_of_duties_is_long_and_sorted() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where is what")[2]
    duties = [row.split("|")[1].strip() for row in table.splitlines() if row.startswith("| ")][2:]
    assert len(duties) >= 40
    assert duties == sorted(duties, key=str.lower)


SOURCES = [
    path
    for package in ("finercam_core", "flows/finercam_flows", "viewer/napari_finercam")
    for path in sorted((ROOT / package).rglob("*.py"))
]


def test_no_folder_holds_more_than_fourteen_modules() -> None:
    crowded = {str(folder): n for folder, n in Counter(path.parent for path in SOURCES).items() if n > 14}
    assert not crowded


def test_no_file_is_longer_than_300_lines() -> None:
    assert not [str(path) for path in SOURCES if len(path.read_text(encoding="utf-8").splitlines()) > 300]


def test_a_public_class_has_a_name_of_its_own() -> None:
    names = Counter(
        node.name
        for path in SOURCES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert not [name for name, n in names.items() if n > 1]
