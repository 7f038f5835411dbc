"""The flow `evaluate`: what a store's maps show, measured; with the classifier also whether it uses what they show."""

from dataclasses import dataclass

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.markdown import as_text, published
from finercam_flows import calls
from finercam_flows.notifications import say_why
from finercam_flows.options.evaluate import EvaluateOptions
from finercam_flows.retries import RETRY
from finercam_flows.signatures.form import form


@dataclass(frozen=True)
class EvaluateResult:
    """What the flow `evaluate` gives back.

    Attributes
    ----------
    summary : EvaluationSummary
    cost : str
        What measuring faithfulness cost, in words; "" where no classifier was given.
    """

    summary: calls.EvaluationSummary
    cost: str


@flow(name="evaluate", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
@form(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> EvaluateResult:
    """Measure what the maps of a store show: tables with intervals, plots, one JSON of everything.

    Its parameters are the fields of `EvaluateOptions`, see docs/options.md. Figures that still hold are kept.
    """
    cost = check_with_model(options, options.classifier) if options.classifier else ""
    summary = evaluate_store(options)
    page = summary.folder / "evaluation.md"
    if page.is_file():
        markdown = page.read_text(encoding="utf-8")
        create_markdown_artifact(key="evaluation", markdown=published(markdown), description=as_text(options.store))
    return EvaluateResult(summary, cost)


@task(cache_policy=NO_CACHE, **RETRY)
def check_with_model(options: EvaluateOptions, classifier: str) -> str:
    """Measure faithfulness and sanity with the classifier; the cost in words."""
    return calls.check_with_model(options, classifier)


@task(cache_policy=NO_CACHE, **RETRY)
def evaluate_store(options: EvaluateOptions) -> calls.EvaluationSummary:
    """Write the figures of a store."""
    return calls.evaluate_store(options)
