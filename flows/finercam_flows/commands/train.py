"""`finercam train`: a classifier for a collection."""

import os
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from finercam_core.errors import TrainingError
from finercam_flows.screen.bars import run_bar


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
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting, such as epochs=30 or adjustment=1; repeatable."),
    ] = None,
    minimum_images: Annotated[int, typer.Option(min=1, help="Training images that a species needs.")] = 1,
    cache: Annotated[str | None, typer.Option(help="Where features of frozen backbones are kept.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train a classifier on a collection and write it in timm's own form; a run that was stopped goes on.

    Example: finercam train catalogs/fish-vista.toml --model vit_base_patch14_dinov2 --out classifier

    On several GPUs: torchrun --nproc-per-node 4 --no-python finercam train … --mode finetune
    """
    chosen = dict(_pair(text) for text in settings or [])
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        _in_one_of_several(catalog, model, out, mode.value, pretrained, chosen, minimum_images, device)
        return
    from finercam_flows.train import train as flow

    with run_bar():
        found = flow(
            catalog, model, out, mode=mode.value, pretrained=pretrained, settings=chosen,
            minimum_images=minimum_images, cache=cache, device=device,
        )  # fmt: skip
    Console().print(found["words"], soft_wrap=True, highlight=False)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise TrainingError(f"--set {text} has no value", "write it as NAME=VALUE")
    return name.strip(), value.strip()


def _in_one_of_several(
    catalog: str, model: str, out: str, mode: str, pretrained: bool, settings: dict[str, str], minimum: int, device: str
) -> None:
    """Train as one of torchrun's processes: no flow run each, and one of them tells."""
    from finercam_core.catalog import open_catalog
    from finercam_core.train import train as run
    from finercam_core.train.settings import read_settings
    from finercam_flows.progress import report_step

    with run_bar():
        report = run(
            open_catalog(catalog), out, model=model, mode=mode, pretrained=pretrained, device=device,
            settings=read_settings(mode, settings), minimum_images=minimum, progress=report_step,
        )  # fmt: skip
    if os.environ.get("RANK", "0") == "0":
        Console().print(str(report), soft_wrap=True, highlight=False)
