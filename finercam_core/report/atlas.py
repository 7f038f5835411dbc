"""`report`: a store and its evaluation become an atlas."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from finercam_core.baselines import IN_WORDS
from finercam_core.diagnosis.answer import Check, Diagnosis
from finercam_core.evaluate.evaluation import evaluate
from finercam_core.evaluate.protocol import Protocol
from finercam_core.evaluate.results import EvaluationReport
from finercam_core.evaluate.species_figures import DAMAGED
from finercam_core.evaluate.words import difference_in_words, faithfulness_in_words
from finercam_core.io.atomic import write_whole
from finercam_core.io.faults import store_errors
from finercam_core.io.progress import Progress
from finercam_core.report.answers import AtlasAnswers, PairNote
from finercam_core.report.live_evidence import SCRIPT, LiveEvidence
from finercam_core.report.page_content import PageContent
from finercam_core.report.page_templates import INDEX, environment, pair_address, species_address
from finercam_core.report.pages import AtlasFacts, Page, PairPage, SpeciesPage
from finercam_core.report.photographs import PhotographFiles
from finercam_core.report.reviewers import REVIEWERS, reviewed, reviewers_page
from finercam_core.report.specimen_views import SpecimenViews
from finercam_core.store import Store, open_store
from finercam_core.strengths import GAMMA, Baseline


@dataclass(frozen=True)
class AtlasReport:
    """What was written.

    Attributes
    ----------
    index : Path
        The page to open.
    species, pairs : int
        Numbers of pages.
    unreadable : dict
        Specimens whose photographs or maps could not be shown, by image_id, with the reason.
    live : bool
        Whether the pages compute their maps themselves, which needs the script that `make web` builds.
    """

    index: Path
    species: int
    pairs: int
    unreadable: dict[str, str]
    live: bool


def report(
    location: str | Path,
    out: str | Path,
    *,
    evaluation: EvaluationReport | None = None,
    protocol: Protocol | None = None,
    images: str | Path | None = None,
    checked: str | Path | None = None,
    gamma: float = GAMMA,
    above: Baseline = "none",
    specimens: int = 6,
    check: Check | None = None,
    witnesses: Sequence[str | Path] = (),
    progress: Progress | None = None,
) -> AtlasReport:
    """Write the atlas of a store: an index, one page per species, and one page per pair of species.

    Parameters
    ----------
    location : str or Path
        The store.
    out : str or Path
        Folder for `index.html`, `species/`, `pairs/`, `atlas-photographs/` and `evaluation/`; for live maps also
        `evidence.zarr/` and `finercam.js`.
    evaluation : EvaluationReport, optional
        Of the same store; by default one is made first, into ``out/evaluation``.
    protocol : Protocol, optional
        Of that evaluation.
    images : str or Path, optional
        Folder of the collection's images, if it moved.
    checked : str or Path, optional
        Folder of an evaluation that was made with the classifier: its faithfulness is used.
    gamma : float
        Strength of the comparison in the maps shown.
    above : str
        What the maps shown are looked at above, see `finercam_core.baselines`; each says so, and where the
        look-alike's specimens are not known, what it is above instead. The figures are those of plain maps.
    specimens : int
        Specimens on a species' page; half as many of each species on a pair's.
    check : callable, optional
        Causal check of the answers, `finercam_core.diagnosis.with_model.causal.causal_check`; without it nothing is
        called supported.
    witnesses : sequence of str or Path
        Stores of the same specimens by other classifiers, which are asked as well; a pair that one of them did not
        compare is answered by the others.
    progress : callable, optional
        Called with the numbers of finished pages and of all.

    Returns
    -------
    AtlasReport

    Raises
    ------
    StoreError, EvaluationError
        As `evaluate`.
    """
    folder, store = Path(out), open_store(location, images=images)
    with store_errors(str(folder)):
        figures = evaluation or evaluate(
            location, folder / "evaluation", protocol=protocol, images=images, checked=checked
        )
    views = SpecimenViews(store, PhotographFiles(folder, map(str, store.rows.index)), gamma, above)
    content = PageContent(store, figures, views, specimens)
    review = reviewed(store)
    content.reviewed = review is not None
    pages = list(_pages(content))
    if review is not None:
        pages.append((REVIEWERS, "reviewers.html", partial(reviewers_page, review, folder)))
    asked = protocol or Protocol()
    whose = partial(Diagnosis, split=asked.split, i_know=asked.i_know)
    others = [whose(open_store(place, images=images)) for place in witnesses]
    answers = AtlasAnswers(whose(store, check=check), others)
    templates, facts = environment(), _facts(store, figures, (gamma, above), folder)
    live = LiveEvidence(store, gamma, facts.citation, above) if SCRIPT.exists() else None
    for done, (address, template, make) in enumerate(pages, 1):
        page, up = make(), "../" * address.count("/")
        notes = _notes(page, answers)
        pooled = notes[0].pooled if isinstance(page, PairPage) else None
        told = live.facts(page.views, up, pooled).to_json() if live is not None and page.views else None
        text = templates.get_template(template).render(atlas=facts, page=page, up=up, live=told, notes=notes)
        with store_errors(str(folder)):
            write_whole(folder / address, text)
        if progress is not None:
            progress(done, len(pages))
    if live is not None:
        with store_errors(str(folder)):
            live.write(folder)
    return AtlasReport(
        folder / INDEX, len(content.species), len(content.pairs), _not_shown(content), live=live is not None
    )


def _notes(page: Page, answers: AtlasAnswers) -> tuple[PairNote, ...]:
    """What a page says first: the answers that it is about."""
    if isinstance(page, PairPage):
        return (answers.of_pair(page.a, page.b),)
    return answers.of_species(page.facts.name) if isinstance(page, SpeciesPage) else ()


def _not_shown(content: PageContent) -> dict[str, str]:
    """Specimens that could not be shown, and those that were not even judged as their maps are damaged."""
    rows = content.figures.left_out.to_dict("records")
    damaged = {str(row["image_id"]): str(row["reason"]) for row in rows if str(row["reason"]).startswith(DAMAGED)}
    return damaged | content.views.unreadable


def _pages(content: PageContent) -> Iterator[tuple[str, str, Callable[[], Page]]]:
    """Address, template and content of every page; the content is made when its turn comes."""
    for name in content.species:
        yield species_address(name), "species.html", partial(content.species_page, name)
    for a, b in content.pairs:
        yield pair_address(a, b), "pair.html", partial(content.pair_page, a, b)
    yield INDEX, "index.html", content.index_page


def _facts(store: Store, figures: EvaluationReport, shown: tuple[float, Baseline], folder: Path) -> AtlasFacts:
    made, (gamma, above) = store.provenance, shown
    return AtlasFacts(
        collection=made.collection or "collection",
        model=made.classifier.model,
        target_layer=made.classifier.target_layer,
        weights_sha256=made.classifier.weights_sha256,
        method=made.method,
        gamma=gamma,
        above="" if above == "none" else IN_WORDS[above],
        grid=made.grid,
        judged=str(figures.protocol["judged"]),
        judged_on=figures.mark,
        traits=str(figures.protocol["traits"]),
        intervals=str(figures.protocol["intervals"]),
        faithfulness=faithfulness_in_words(figures.checks.faithfulness),
        difference=tuple(difference_in_words(figures.checks.finer)),
        not_measured=figures.not_measured,
        tables=quote(os.path.relpath(figures.folder.resolve(), folder.resolve())),
        run=made.run,
        created=made.created,
        version=made.versions["finercam"],
    )
