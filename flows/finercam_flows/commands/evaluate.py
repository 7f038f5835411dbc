"""`finercam evaluate`: what a store's maps show, with intervals; with the classifier also whether it uses that."""

from finercam_flows.options.evaluate import EvaluateOptions
from finercam_flows.screen.bars import run_bar
from finercam_flows.screen.evaluation_table import print_evaluation
from finercam_flows.signatures.command import command


@command(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> None:
    """Measure what the maps show: traits, characters, localisation, accuracy, caveats; stopped runs go on.

    Example: finercam evaluate maps.zarr --out evaluation --classifier classifier
    """
    from finercam_flows.evaluate import evaluate as flow

    with run_bar("Evaluation"):
        result = flow(**dict(options))
    print_evaluation(result.summary, result.cost)
