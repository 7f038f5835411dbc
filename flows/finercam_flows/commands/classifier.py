"""`finercam classifier`: bring in a checkpoint, and exchange classifiers with the Hugging Face hub."""

import typer

from finercam_flows.options.classifier import AdoptOptions, PullOptions, PushOptions
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command

app = typer.Typer(help="Bring in a checkpoint, push to and pull from the Hugging Face hub.", no_args_is_help=True)


@app.command()
@command(AdoptOptions)
def adopt(options: AdoptOptions) -> None:
    """Make a classifier of a checkpoint that was trained elsewhere.

    Example: finercam classifier adopt best.safetensors --model convnext_tiny --classes classes.csv --out classifier
    """
    from finercam_core.train.adoption import adopt as run

    folder = run(options.checkpoint, options.out, model=options.model, classes=options.classes)
    Screen().print(f"{folder} is ready for `finercam annotate`", markup=False)


@app.command()
@command(PushOptions)
def push(options: PushOptions) -> None:
    """Upload a classifier; timm then reads it as hf-hub:owner/name.

    Example: finercam classifier push classifier museum/minnows
    """
    from finercam_core.train import folder as hub

    Screen().print(hub.push(options.folder, options.repository, private=not options.public), markup=False)


@app.command()
@command(PullOptions)
def pull(options: PullOptions) -> None:
    """Download a classifier.

    Example: finercam classifier pull museum/minnows classifier --revision 1a2b3c4
    """
    from finercam_core.train import folder as hub

    folder = hub.pull(options.repository, options.folder, revision=options.revision)
    Screen().print(f"{folder} is ready for `finercam annotate`", markup=False)
