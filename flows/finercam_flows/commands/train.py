"""`finercam train`: a classifier for a collection."""

import os

from finercam_core.extras import installed
from finercam_flows.calls import train_classifier
from finercam_flows.options.train import TrainOptions
from finercam_flows.process.model_choice import choose_model
from finercam_flows.screen.bars import run_bar
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command


@command(TrainOptions)
def train(options: TrainOptions) -> None:
    """Train a classifier on a collection and write it in timm's own form; a run that was stopped goes on.

    Example: finercam train my-beetles --out classifier, or with --model vit_base_patch14_dinov2.lvd142m on a GPU

    On several GPUs: torchrun --nproc-per-node 4 --no-python finercam train … --mode finetune
    """
    options = _with_model(options)
    with run_bar():
        # A flow run for each of torchrun's processes helps nobody.
        if int(os.environ.get("WORLD_SIZE", "1")) > 1 or not installed("prefect"):
            report = train_classifier(options)
        else:
            from finercam_flows.process.temporary_server import close_temporary_server
            from finercam_flows.train import train as flow

            close_temporary_server()
            report = flow(**options.flow_parameters())
    if os.environ.get("RANK", "0") == "0":
        Screen().print(str(report), soft_wrap=True, highlight=False, markup=False)


def _with_model(options: TrainOptions) -> TrainOptions:
    """The options with a model, which is said with its reason where it was chosen here."""
    if options.model:
        return options
    model, why = choose_model(options.device)
    Screen().print(f"Model: {model}; {why}. Another one: --model NAME", soft_wrap=True, highlight=False, markup=False)
    return options.model_copy(update={"model": model})
