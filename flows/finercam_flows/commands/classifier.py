"""`finercam classifier`: bring in a checkpoint, and exchange classifiers with the Hugging Face hub."""

from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help="Bring in a checkpoint, push to and pull from the Hugging Face hub.", no_args_is_help=True)


@app.command()
def adopt(
    checkpoint: Annotated[str, typer.Argument(help="safetensors, or a file of torch.save with tensors alone.")],
    model: Annotated[str, typer.Option(help="timm name of its architecture.")],
    classes: Annotated[str, typer.Option(help="CSV with a column scientificName, in the order of the scores.")],
    out: Annotated[str, typer.Option(help="Folder for the classifier.")],
) -> None:
    """Make a classifier of a checkpoint that was trained elsewhere.

    Example: finercam classifier adopt best.safetensors --model convnext_tiny --classes classes.csv --out classifier
    """
    from finercam_core.train.adoption import adopt as run

    Console().print(f"{run(checkpoint, out, model=model, classes=classes)} is ready for `finercam annotate`")


@app.command()
def push(
    folder: Annotated[str, typer.Argument(help="Folder of a classifier.")],
    repository: Annotated[str, typer.Argument(help="owner/name on the hub.")],
    public: Annotated[bool, typer.Option(help="Let everybody see a new repository.")] = False,
) -> None:
    """Upload a classifier; timm then reads it as hf-hub:owner/name.

    Example: finercam classifier push classifier museum/minnows
    """
    from finercam_core.train import folder as hub

    Console().print(hub.push(folder, repository, private=not public))


@app.command()
def pull(
    repository: Annotated[str, typer.Argument(help="owner/name on the hub.")],
    folder: Annotated[str, typer.Argument(help="Folder for the classifier.")],
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit; a commit is the same for ever.")] = None,
) -> None:
    """Download a classifier.

    Example: finercam classifier pull museum/minnows classifier --revision 1a2b3c4
    """
    from finercam_core.train import folder as hub

    Console().print(f"{hub.pull(repository, folder, revision=revision)} is ready for `finercam annotate`")
