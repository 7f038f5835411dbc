"""`finercam evaluate`: what a store's maps show, with intervals; with the classifier also whether it uses that."""

from finercam_core.extras import installed
from finercam_flows import calls
from finercam_flows.calls import EvaluationSummary
from finercam_flows.options.evaluate import EvaluateOptions
from finercam_flows.screen.bars import run_bar
from finercam_flows.screen.evaluation_table import print_evaluation
from finercam_flows.signatures.command import command


@command(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> None:
    """Measure what the maps show: traits, characters, localisation, accuracy, caveats; stopped runs go on.

    Example: finercam evaluate maps.zarr --out evaluation --classifier classifier
    """
    with run_bar("Evaluation"):
        summary, cost = _run(options)
    print_evaluation(summary, cost)


def _run(options: EvaluateOptions) -> tuple[EvaluationSummary, str]:
    """Run the flow, or the same in this process where Prefect is not installed."""
    if installed("prefect"):
        from finercam_flows.evaluate import evaluate as flow
        from finercam_flows.process.temporary_server import close_temporary_server

        close_temporary_server()
        result = flow(**options.flow_parameters())
        return result.summary, result.cost
    cost = calls.check_with_model(options, options.classifier) if options.classifier else ""
    return calls.evaluate_store(options), cost
