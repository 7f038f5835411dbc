"""The flow `train`: from a catalog to the folder of a classifier."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from finercam_core.train.run import TrainingReport
from finercam_flows import calls
from finercam_flows.artifacts import tables
from finercam_flows.notifications import say_why
from finercam_flows.options.train import TrainOptions
from finercam_flows.signatures.form import form


@flow(name="train", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
@form(TrainOptions)
def train(options: TrainOptions) -> TrainingReport:
    """Train a classifier on a collection; a run that was stopped goes on.

    Its parameters are the fields of `TrainOptions`, see docs/options.md.
    """
    report = train_classifier(options)
    tables.publish_training(report)
    return report


@task(cache_policy=NO_CACHE)
def train_classifier(options: TrainOptions) -> TrainingReport:
    """Train; a run that was stopped goes on from its last checkpoint."""
    return calls.train_classifier(options)
