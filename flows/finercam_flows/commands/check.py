"""`finercam catalog check`: what is in a collection, and what is odd in it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from finercam_core.errors import CatalogError
from finercam_flows.screen.bars import progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from finercam_core.catalog import Catalog
    from finercam_core.catalog.check import CatalogCheck


def check(
    catalog: Annotated[str, typer.Argument(help="Manifest (TOML), table, Darwin Core Archive or folder of images.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write everything to.")] = None,
    near_identical: Annotated[
        bool, typer.Option("--near-identical", help="Also find images that look the same though their files differ.")
    ] = False,
    images: Annotated[
        bool, typer.Option("--images/--no-images", help="Open every local image, or only list their folders.")
    ] = True,
    details: Annotated[bool, typer.Option("--details", help="Show every case, not only the first ones.")] = False,
    root: Annotated[
        str | None, typer.Option(help="Folder or URL of the images, if the catalog's own is not right.")
    ] = None,
    synonyms: Annotated[
        str | None, typer.Option(help="Table of accepted names, if the catalog's own is not right.")
    ] = None,
) -> None:
    """Say what is in a catalog and what is wrong with it; 1 if nothing in it can be used.

    Example: finercam catalog check catalogs/fish-vista.toml --json fish-vista.json
    """
    from finercam_core.catalog import open_catalog
    from finercam_core.catalog.check import check_catalog
    from finercam_flows.screen.check_table import show

    found = open_catalog(catalog, root=root, synonyms=synonyms)
    result = check_catalog(found, _look(found, opened=images, near_identical=near_identical))
    show(result, Console(), details=details)
    if json_file is not None:
        _write(result, json_file)
    if not result.usable:
        Console(stderr=True).print("[bold red]finercam:[/] no image of this catalog can be used")
        raise typer.Exit(1)


def _look(catalog: "Catalog", *, opened: bool, near_identical: bool) -> "pd.DataFrame":
    from finercam_core.catalog.check import look_at_images

    if not opened or not (catalog.specimens["path"] != "").any():
        return look_at_images(catalog, opened=opened)
    with progress_bar() as bar:
        task = bar.add_task("Looking at images", total=None, note="")
        return look_at_images(
            catalog, opened=opened, near_identical=near_identical,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip


def _write(result: "CatalogCheck", path: Path) -> None:
    try:
        path.write_text(json.dumps(result.to_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CatalogError(f"{path} cannot be written: {error.strerror}", "correct the path after --json") from error
