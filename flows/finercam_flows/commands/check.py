"""`finercam catalog check`: what is in a collection, and what is odd in it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from finercam_core.errors import CatalogError
from finercam_flows.options.catalog import CheckOptions
from finercam_flows.options.command import command
from finercam_flows.screen.bars import progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from finercam_core.catalog import Catalog
    from finercam_core.catalog.check import CatalogCheck


@command(CheckOptions)
def check(options: CheckOptions) -> None:
    """Say what is in a catalog and what is wrong with it; exit code 1 if none of its images can be used.

    Example: finercam catalog check catalogs/fish-vista.toml --json fish-vista.json
    """
    from finercam_core.catalog import open_catalog
    from finercam_core.catalog.check import check_catalog
    from finercam_flows.screen.check_table import show

    catalog = open_catalog(options.catalog, root=options.root, synonyms=options.synonyms)
    images = _look(catalog, opened=options.images, near_identical=options.near_identical)
    result = check_catalog(catalog, images)
    show(result, Console(), details=options.details)
    if options.json_file is not None:
        _write(result, Path(options.json_file))
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
            catalog,
            opened=opened,
            near_identical=near_identical,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _write(result: "CatalogCheck", path: Path) -> None:
    try:
        path.write_text(json.dumps(result.to_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CatalogError(f"{path} cannot be written: {error.strerror}", "correct the path after --json") from error
