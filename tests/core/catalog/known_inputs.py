"""Inputs with what `check` prints of them: written, opened, looked at, and shown as the command does."""

import io
from pathlib import Path

import builders as build
from finercam_flows.screen.check_table import show
from PIL import Image
from rich.console import Console

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images

Files = dict[str, str | bytes]
# What is opened, its files, what the line of rows says, and what is told somewhere on the screen.
Case = tuple[str, Files, str, str]


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (9, 9), "teal").save(file, "JPEG")
    return file.getvalue()


JPEG = _jpeg()


def assert_prints(tmp_path: Path, case: Case) -> None:
    """Every row is accounted for, the line of rows says `line`, and `told` stands somewhere."""
    source, files, line, told = case
    for name, content in files.items():
        text = content.replace("{folder}", tmp_path.as_posix()) if isinstance(content, str) else content
        build.write(tmp_path / name, text)
    catalog = open_catalog(tmp_path if source in ("", "meta") else tmp_path / source)
    result = check_catalog(catalog, look_at_images(catalog))
    console = Console(record=True, width=200, file=io.StringIO())
    show(result, console, details=True)
    text = console.export_text()
    first = next(row for row in text.splitlines() if row.startswith("rows"))
    assert line in first
    assert told in text
    counts = result.counts
    assert counts["rows"] == counts["images"] + counts["rejected"] + counts["repeats"]
