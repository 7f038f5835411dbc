"""A collection without masks: what was not measured is never shown as a finding of none, and every link leads on."""

import importlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from finercam_core.catalog import open_catalog
from finercam_core.evaluate import evaluate
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.report import report
from finercam_core.store import pending_chunks

Make = Callable[[Path, dict[str, int]], Path]


class Links(HTMLParser):
    """Targets of a page's links."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "script") and (target := dict(attrs).get("href") or dict(attrs).get("src")):
            self.found.append(target)


@pytest.fixture(scope="module")
def maskless(make_collection: Make, tiny_classifier: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a store of photographs and nothing else."""
    folder = tmp_path_factory.mktemp("maskless")
    catalog = make_collection(folder / "photos", {"Aus bus": 4, "Aus cus": 4, "Eus fus": 4})
    classifier = importlib.import_module(tiny_classifier.partition(":")[0]).tiny()
    store = plan_store(folder / "maps.zarr", open_catalog(catalog), classifier)
    annotate_chunks(store.location, list(pending_chunks(store.location)), classifier)
    return folder


@pytest.mark.parametrize("elsewhere", [False, True])
def test_every_link_of_every_page_leads_to_a_file(maskless: Path, tmp_path: Path, elsewhere: bool) -> None:
    figures = evaluate(maskless / "maps.zarr", tmp_path / "its figures") if elsewhere else None
    report(maskless / "maps.zarr", tmp_path / "atlas", evaluation=figures, specimens=1)
    pages = sorted((tmp_path / "atlas").rglob("*.html"))
    assert len(pages) > 4
    links = [(path, link) for path in pages for link in Links(path).found]
    assert len(links) > 15
    dead = [(path.name, link) for path, link in links if not (path.parent / unquote(link)).is_file()]
    assert not dead


def test_what_was_not_measured_is_said_to_be_and_is_never_none(maskless: Path, tmp_path: Path) -> None:
    report(maskless / "maps.zarr", tmp_path, specimens=1)
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "traits not measured: no trait masks" in index
    pair = next((tmp_path / "pairs").glob("*.html")).read_text(encoding="utf-8")
    assert "Not measured: no trait masks." in pair
    species = next((tmp_path / "species").glob("*.html")).read_text(encoding="utf-8")
    assert '<span class="soft">not measured</span>' in species
    content = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert content["not_measured"] == {
        "traits": "not measured: no trait masks",
        "on the specimen": "not measured: neither masks nor boxes say where the specimens are",
        "faithfulness": "not measured: it needs the classifier",
    }
    words = (tmp_path / "evaluation" / "evaluation.md").read_text()
    headings = re.findall(r"^## (.*)$", words, re.MULTILINE)
    assert headings[:4] == ["What was asked", "The answer", "How sure", "What this does not say"]
    answer = words.partition("## The answer")[2].partition("## How sure")[0]
    assert "- Traits: not measured: no trait masks." in answer
    assert "- Faithfulness: not measured: it needs the classifier" in answer
    for text in (index, pair, species, words):
        assert "(none)" not in text
        assert not re.search(r"candidate|diagnostic char", text, re.IGNORECASE)


def test_a_table_of_an_earlier_evaluation_does_not_stay(maskless: Path, tmp_path: Path) -> None:
    (tmp_path / "traits.csv").write_text("old")
    (tmp_path / "characters.parquet").write_text("old")
    evaluate(maskless / "maps.zarr", tmp_path)
    assert not (tmp_path / "traits.csv").exists()
    assert not (tmp_path / "characters.parquet").exists()
