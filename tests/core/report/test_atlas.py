"""From a store of rendered specimens to figures and pages, with an untrained classifier: the parts fit together."""

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finercam_core.evaluate import EvaluationError, EvaluationReport, Protocol, evaluate
from finercam_core.evaluate.with_model.checks import check
from finercam_core.evaluate.with_model.faithfulness import faithfulness
from finercam_core.evaluate.with_model.sanity import weight_randomisation
from finercam_core.evaluate.with_truth.planted_traits import planted_names
from finercam_core.explain import Classifier
from finercam_core.report import report
from finercam_core.report.page_templates import pair_slug, slug
from finercam_core.report.photographs import FOLDER as PHOTOGRAPHS
from finercam_core.synthetic import SPECIES


def test_tables_say_the_same_in_every_form(figures: EvaluationReport) -> None:
    written = pd.read_csv(figures.folder / "traits.csv", keep_default_na=False, na_values=[""])
    parquet = pd.read_parquet(figures.folder / "traits.parquet")
    content = json.loads((figures.folder / "evaluation.json").read_text(encoding="utf-8"))
    assert len(written) == len(parquet) == len(content["traits"]) == len(figures.traits) > 0
    assert content["protocol"]["gamma"] == 0.6
    assert content["provenance"]["run"] == figures.provenance["run"]
    assert "UBERON:2000251" in set(parquet["uberon"])
    assert figures.specimens["image_id"].nunique() == 45, "the test split alone"
    assert set(figures.caveats["kind"]) >= {"few images", "low accuracy"}
    words = (figures.folder / "evaluation.md").read_text(encoding="utf-8")
    assert "## Dense traits, untested" in words
    for name in ("traits.png", "localisation.png"):
        assert (figures.folder / name).read_bytes().startswith(b"\x89PNG")


def test_a_second_run_computes_nothing_and_says_the_same(
    made: tuple[Path, Classifier], figures: EvaluationReport
) -> None:
    again = evaluate(made[0] / "maps.zarr", figures.folder, planted=planted_names)
    assert again.reused == len(SPECIES)
    pd.testing.assert_frame_equal(again.characters, figures.characters)
    pd.testing.assert_frame_equal(again.planted, figures.planted)


def test_another_protocol_is_computed_anew(made: tuple[Path, Classifier], tmp_path: Path) -> None:
    first = evaluate(made[0] / "maps.zarr", tmp_path, protocol=Protocol(split="val"))
    other = evaluate(made[0] / "maps.zarr", tmp_path, protocol=Protocol(split="val", gamma=1.0))
    assert (first.reused, other.reused) == (0, 0)
    with pytest.raises(EvaluationError, match="no specimen is in the split 'tests'"):
        evaluate(made[0] / "maps.zarr", tmp_path, protocol=Protocol(split="tests"))


class Page(HTMLParser):
    """Links, sources, images without words, and ids of a page; a photograph has those of its preview."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.wordless = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.links += [values["href"] or ""] if tag in ("a", "link") and "href" in values else []
        self.sources += [values["src"] or ""] if "src" in values else []
        self.wordless += tag == "img" and not values.get("alt") and values.get("class") != "photo"


def test_pages_carry_all_but_photographs_in_themselves_and_link_to_what_is_there(
    made: tuple[Path, Classifier], figures: EvaluationReport
) -> None:
    atlas = report(made[0] / "maps.zarr", made[0] / "report", evaluation=figures, specimens=2)
    assert (atlas.species, atlas.unreadable) == (len(SPECIES), {})
    pages = sorted((made[0] / "report").rglob("*.html"))
    assert len(pages) == 1 + atlas.species + atlas.pairs
    for path in pages:
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        outside = {source for source in page.sources if not source.startswith("data:image/")}
        photographs = {source for source in outside if PHOTOGRAPHS in source}
        assert outside - photographs <= {"../finercam.js"}, "the script of the live maps"
        for source in photographs:
            assert (path.parent / unquote(source)).is_file(), source
        assert photographs, "each page has some"
        assert page.wordless == 0, "every picture has words"
        for link in page.links:
            assert link.startswith("data:") or (path.parent / link).is_file(), link
        assert not re.search(r"https?://", text), "nothing is fetched"
        assert 'lang="en"' in text
        assert "Before you believe it" in text or path.name == "index.html"


def test_pages_say_whether_faithfulness_was_measured_and_what_came_out(
    made: tuple[Path, Classifier], tmp_path: Path
) -> None:
    folder, classifier = made
    page = tmp_path / "species" / "Fontodus_aureolus.html"
    report(folder / "maps.zarr", tmp_path, specimens=1)
    assert "Not measured: it needs the classifier" in page.read_text("utf-8")
    check(folder / "maps.zarr", classifier, tmp_path / "evaluation", protocol=Protocol(split="all", i_know=True),
          steps=2, gammas=(), weightings=())  # fmt: skip
    report(folder / "maps.zarr", tmp_path, specimens=1)
    text = page.read_text("utf-8")
    assert "hiding the 5 % of the picture that a map points at takes" in text
    assert "forward passes" not in text
    assert "cost of faithfulness" in (tmp_path / "evaluation" / "evaluation.md").read_text("utf-8")
    assert "How to cite" in text
    assert any("masking the top" in p.read_text("utf-8") for p in page.parent.glob("*.html")), "an untrained classifier"


def test_a_photograph_that_is_gone_is_named_and_the_page_is_there(
    made: tuple[Path, Classifier], figures: EvaluationReport, tmp_path: Path
) -> None:
    victim = made[0] / "collection" / "Images" / "chunk_3" / "demo_fontodus_aureolus_20000.jpg"
    content = victim.read_bytes()
    victim.unlink()
    try:
        atlas = report(made[0] / "maps.zarr", tmp_path, evaluation=figures, specimens=3)
    finally:
        victim.write_bytes(content)
    assert list(atlas.unreadable) == ["demo_fontodus_aureolus_20000"]
    assert "demo_fontodus_aureolus_20001" in (tmp_path / "species" / "Fontodus_aureolus.html").read_text("utf-8")


@given(st.text(min_size=1, max_size=120))
def test_names_of_pages_are_safe(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", slug(name))
    assert pair_slug(name, "Aus bus") == pair_slug("Aus bus", name)


def test_names_that_look_alike_get_pages_of_their_own() -> None:
    assert len({slug(name) for name in ("Aus bus", "Aus_bus", "Aus  bus", "Aus bus.", "Äus bus")}) == 5


def test_faithfulness_costs_what_it_needs(made: tuple[Path, Classifier]) -> None:
    folder, classifier = made
    seen: list[int] = []
    handle = classifier.model.register_forward_pre_hook(lambda _m, args: seen.append(len(args[0])))
    try:
        found = faithfulness(folder / "maps.zarr", classifier, limit=3, steps=5)
    finally:
        handle.remove()
    assert found.forwards == sum(seen) == found.needed == 3 * (2 + 4 * (7 + 4)), "20 % is a drop and a step: one image"
    assert "forward passes" in str(found)
    assert set(found.specimens["map"]) == {"grad_cam", "finer_cam", "random", "blob"}
    own = found.summary[found.summary["map"] == "grad_cam"]
    assert (own["over_grad_cam_mean"] == 0).all()


def test_faithfulness_refuses_another_classifier(made: tuple[Path, Classifier]) -> None:
    folder, classifier = made
    changed = copy.deepcopy(classifier.model)
    with torch.no_grad():
        next(changed.parameters())[0] += 1
    other = Classifier(changed, classifier.species, "features", classifier.preparation)
    with pytest.raises(EvaluationError, match="not the one that the store was made with"):
        faithfulness(folder / "maps.zarr", other, limit=1)


def test_maps_do_not_survive_shuffled_weights(made: tuple[Path, Classifier]) -> None:
    folder, classifier = made
    before = classifier.weights_sha256
    table = weight_randomisation(folder / "maps.zarr", classifier, limit=8)
    assert table["shuffled"].tolist() == ["", "head", "features.3", "features.1"]
    assert table["similarity"].iloc[0] > 0.99, "nothing shuffled: the stored maps, up to float16"
    assert abs(table["similarity"].iloc[1:]).max() < 0.9
    again = Classifier(classifier.model, classifier.species, "features", classifier.preparation)
    assert again.weights_sha256 == before, "the classifier itself is left as it was"
