"""What a command and its flow both do: options in, one call of `finercam_core`, its report out. No Prefect here.

Progress goes to whoever watches, see `finercam_flows.progress`.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from finercam_flows.outcome.required import require_files, require_masks, require_species
from finercam_flows.process.model_choice import choose_model
from finercam_flows.progress import report_step

if TYPE_CHECKING:
    from finercam_core.diagnosis.records.statements import Json
    from finercam_core.diagnosis.with_model.causal import CausalCheck
    from finercam_core.evaluate import Protocol
    from finercam_core.export import ExportSummary
    from finercam_core.fetch import FetchReport, FetchSettings, FetchWatcher
    from finercam_core.report import AtlasReport
    from finercam_core.store import Store
    from finercam_core.train.run import TrainingReport
    from finercam_flows.options.catalog import FetchOptions
    from finercam_flows.options.evaluate import EvaluateOptions
    from finercam_flows.options.export import ExportOptions
    from finercam_flows.options.report import AskOptions, ReportOptions
    from finercam_flows.options.train import TrainOptions

MAX_WRITERS = 4  # further processes would be idle: a single one reads the maps


def fetch_images(options: "FetchOptions", watcher: "FetchWatcher | None" = None) -> "FetchReport":
    """Fetch the images of a catalog that are not there yet."""
    from finercam_core.catalog import open_catalog
    from finercam_core.fetch import fetch

    report = fetch(
        open_catalog(options.catalog, root=options.root),
        options.to,
        fetch_settings(options),
        retry_failed=options.retry_failed,
        verify=options.verify,
        watcher=watcher,
    )
    require_files(report, options.to)
    return report


def fetch_settings(options: "FetchOptions") -> "FetchSettings":
    """Bounds of a fetch, in the units of `finercam_core.fetch.FetchSettings`: seconds, bytes, pixels."""
    from finercam_core.fetch import FetchSettings
    from finercam_core.images.limits import Limits

    return FetchSettings(
        per_host=options.per_host,
        attempts=options.attempts,
        connect_timeout=min(options.timeout, FetchSettings().connect_timeout),
        read_timeout=options.timeout,
        total_timeout=options.image_timeout,
        max_bytes=int(options.max_mb * 1e6),
        limits=Limits(int(options.max_megapixels * 1e6)),
        min_free=int(options.min_free_gb * 1e9),
        allow_private=options.allow_private,
        contact=options.contact,
        keep_bad=options.keep_bad,
    )


def train_classifier(options: "TrainOptions") -> "TrainingReport":
    """Train a classifier on a collection. Needs torch."""
    from finercam_core.catalog import open_catalog
    from finercam_core.permissions import is_factory
    from finercam_core.train import train
    from finercam_core.train.backbone import BackboneSpec
    from finercam_core.train.settings import read_settings
    from finercam_flows.process.allowed import factories_for

    model = options.model or choose_model(options.device)[0]
    if is_factory(model):
        factories_for(model).check(model)
    resized = options.size is not None or options.fit is not None
    return train(
        open_catalog(options.catalog),
        options.out,
        model=model,
        mode=options.mode,
        pretrained=options.pretrained,
        preparation=BackboneSpec(model).preparation(options.size, options.fit) if resized else None,
        settings=read_settings(options.mode, options.settings or {}),
        minimum_images=options.minimum_images,
        folds=options.folds,
        cache=options.cache,
        device=options.device,
        progress=report_step,
    )


@dataclass(frozen=True)
class EvaluationSummary:
    """What an evaluation measured, for a screen or a page; the figures themselves are in the folder.

    Attributes
    ----------
    folder : Path
    species, reused : int
        Species with figures, and how many of these had them already.
    left_out, caveats : int
        Notes on specimens without figures, and on what makes a figure doubtful.
    planted, truth : str
        In words: how often the planted trait ranks first, and the energy in the true regions; "" where unknown.
    """

    folder: Path
    species: int
    reused: int
    left_out: int
    caveats: int
    planted: str
    truth: str


def evaluate_store(options: "EvaluateOptions") -> EvaluationSummary:
    """Measure what the maps of a store show; what `check_with_model` left in the folder is taken into the report."""
    from finercam_core.evaluate import evaluate
    from finercam_core.evaluate.with_truth.energy_table import overall_in_words
    from finercam_core.evaluate.with_truth.planted_traits import planted_in, planted_summary, rendered_truth
    from finercam_core.store import open_store

    rendered = open_store(options.store, images=options.images) if options.planted else None
    report = evaluate(
        options.store,
        options.out,
        protocol=protocol_of(options),
        images=options.images,
        boxes=options.boxes,
        planted=planted_in(rendered.images_root) if rendered else None,
        truth=rendered_truth(rendered) if rendered else None,
        published=options.beside,
        progress=report_step,
    )
    species = int(report.specimens["scientificName"].nunique())
    require_species(options.store, species, "figure")
    return EvaluationSummary(
        folder=report.folder,
        species=species,
        reused=report.reused,
        left_out=len(report.left_out),
        caveats=len(report.caveats),
        planted=planted_summary(report.planted) if options.planted else "",
        truth=overall_in_words(report.truth),
    )


def check_with_model(options: "EvaluateOptions", classifier: str) -> str:
    """Measure faithfulness and sanity with the store's classifier; what that cost, in words. Needs torch."""
    from finercam_core.store import open_store

    protocol_of(options).judged(open_store(options.store, images=options.images))  # refused before torch is loaded
    from finercam_core.evaluate.with_model.baselines import BASELINES
    from finercam_core.evaluate.with_model.checks import check
    from finercam_core.explain import load_classifier
    from finercam_flows.process.allowed import factories_for

    _, report = check(
        options.store,
        load_classifier(classifier, device=options.device, factories=factories_for(classifier)),
        options.out,
        protocol=protocol_of(options),
        images=options.images,
        gammas=options.gammas,
        weightings=options.weightings,
        methods=options.methods,
        baselines=BASELINES if "all" in options.baselines else options.baselines,
        fill=options.fill,
        steps=options.steps,
        limit=options.limit or None,
        batch_size=options.batch_size,
        progress=report_step,
    )
    return str(report)


def protocol_of(options: "EvaluateOptions") -> "Protocol":
    """How the evaluation is done."""
    from finercam_core.evaluate import Protocol

    about = options.gamma, options.weighting, options.split, options.top, options.seed, options.i_know
    return Protocol(*about, above=options.above)


def write_atlas(options: "ReportOptions") -> "AtlasReport":
    """Write the pages of a store."""
    from finercam_core.evaluate import Protocol
    from finercam_core.report import report
    from finercam_core.store import open_store

    store, protocol = (
        open_store(options.store, images=options.images),
        Protocol(split=options.split, i_know=options.i_know),
    )
    protocol.judged(store)  # refused before torch is loaded
    atlas = report(
        options.store,
        options.out,
        protocol=protocol,
        gamma=options.gamma,
        above=options.above,
        images=options.images,
        checked=options.evaluation,
        check=_causal_check(store, options.classifier) if options.classifier else None,
        witnesses=options.witness,
        progress=report_step,
    )
    require_species(options.store, atlas.species, "page")
    return atlas


def _causal_check(store: "Store", classifier: str, device: str = "auto") -> "CausalCheck":
    """The check of findings with the classifier that made a store. Needs torch."""
    from finercam_core.diagnosis.with_model.causal import causal_check
    from finercam_core.explain import load_classifier
    from finercam_flows.process.allowed import factories_for

    return causal_check(store, load_classifier(classifier, device=device, factories=factories_for(classifier)))


def answer_pair(options: "AskOptions") -> "tuple[list[str], Json, Path]":
    """Five lines about a pair, the same as JSON, and the picture, which is written. Needs torch with a classifier."""
    from finercam_core.diagnosis import Diagnosis
    from finercam_core.diagnosis.held_out import witnesses
    from finercam_core.diagnosis.names import store_name
    from finercam_core.diagnosis.output import write_answer
    from finercam_core.diagnosis.several import agreements
    from finercam_core.store import open_store

    store, by_parts = open_store(options.store, images=options.images), False if options.by_cells else None
    a, b = store_name(store, options.a), store_name(store, options.b)
    witnesses(store, options.split, i_know=options.i_know)  # refused before torch is loaded
    check = _causal_check(store, options.classifier, options.device) if options.classifier else None
    diagnosis = Diagnosis(store, by_parts, check, split=options.split, i_know=options.i_know)
    others = [
        Diagnosis(open_store(place, images=options.images), by_parts, split=options.split, i_know=options.i_know)
        for place in options.witness
    ]
    answer = diagnosis.answer(a, b, agreement=agreements(diagnosis, others, a, b) if others else None)
    return write_answer(diagnosis, answer, Path(options.out))


def export_masks(options: "ExportOptions") -> "ExportSummary":
    """Write the masks of a store."""
    from finercam_core.export import FormatSettings, export
    from finercam_core.io.workers import processors
    from finercam_core.store import open_store

    summary = export(
        open_store(options.store, images=options.images),
        options.to,
        format=options.format,
        which=options.which,
        reviewer=options.reviewer,
        gamma=options.gamma,
        top=options.top,
        baseline=options.above,
        workers=options.workers or min(processors(), MAX_WRITERS),
        settings=FormatSettings(**{one.name: getattr(options, one.name) for one in fields(FormatSettings)}),
        progress=report_step,
    )
    require_masks(summary)
    return summary
