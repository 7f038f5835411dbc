"""`finercam train`: a classifier for a collection."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from finercam_flows.commands.bars import progress_bar


class Mode(StrEnum):
    """How much of the model is trained."""

    PROBE = "probe"
    FINETUNE = "finetune"


def train(
    catalog: Annotated[str, typer.Argument(help="Manifest (TOML), table, Darwin Core Archive or folder of images.")],
    model: Annotated[str, typer.Option(help="timm name or package.module:function.")],
    out: Annotated[str, typer.Option(help="Folder for the classifier.")],
    mode: Annotated[Mode, typer.Option(help="probe: a linear head; finetune: the whole model.")] = Mode.PROBE,
    pretrained: Annotated[bool, typer.Option("--pretrained/--no-pretrained", help="Start from its weights.")] = True,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train a classifier on a collection and write it in timm's own form.

    Example: finercam train catalogs/fish-vista.toml --model vit_base_patch14_dinov2 --out classifier
    """
    from finercam_core.catalog import open_catalog
    from finercam_core.train import train as run

    with progress_bar() as bar:
        task = bar.add_task("Training", total=None, note="")
        report = run(
            open_catalog(catalog), out, model=model, mode=mode.value, pretrained=pretrained, device=device,
            progress=lambda step, total, note: bar.update(task, completed=step, total=total, note=note),
        )  # fmt: skip
    Console().print(str(report), soft_wrap=True)
