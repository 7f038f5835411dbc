"""The table of repaired paths beside a manifest: written on request, and applied whenever the manifest is opened."""

import os
import re
import tomllib
from pathlib import Path

import pandas as pd
import tomli_w

from finercam_core.catalog.assembly import Assembly
from finercam_core.catalog.repairs.finder import Repairs
from finercam_core.errors import CatalogError, counted
from finercam_core.io.atomic import write_whole
from finercam_core.io.raw_tables import Notice
from finercam_core.io.tables import read_certain_table, table_format


def read_paths(location: str) -> pd.Series:
    """Found paths, indexed by the paths of the catalog.

    Raises
    ------
    CatalogError
        The table cannot be read, has no columns path and found, or has two files for one path.
    """
    frame = read_certain_table(location, columns=["path", "found"]).frame.drop_duplicates()
    twice = frame.loc[frame["path"].duplicated(), "path"]
    if len(twice):
        raise CatalogError(f"{location} has two files for the path {twice.iloc[0]!r}", "keep one of its rows")
    return frame.set_index("path")["found"]


def with_paths(assembly: Assembly, paths: pd.Series, location: str) -> None:
    """Give the images the paths that were found for them, and say so."""
    table = assembly.specimens
    found = table["path"].map(paths)
    known = found.notna() & (found != "")
    assembly.specimens = table.assign(
        path=found.where(known, table["path"]).astype("str"), fault=table["fault"].mask(known, "")
    )
    if known.any():
        text = f"{counted(int(known.sum()), 'image')} at the path that the table gives, such as {found[known].iloc[0]}"
        assembly.notices.append(Notice("paths_repaired", Path(location).name, int(known.sum()), text))


def write_repairs(source: str, name: str, repairs: Repairs) -> Path:
    """Write found paths into a table, and name it in the manifest: in the given one, or in a new one.

    Parameters
    ----------
    source : str
        What was opened: a manifest, a table, or a Darwin Core Archive.
    name : str
        Of the collection.
    repairs : Repairs

    Returns
    -------
    Path of the manifest.

    Raises
    ------
    CatalogError
        The source is of another kind, the new manifest exists already, or nothing can be written there.
    """
    path = Path(source)
    manifest = path if path.suffix.lower() == ".toml" else path.with_suffix(".toml")
    paths = manifest.with_name(f"{manifest.stem}-paths.csv")
    root = Path(os.path.relpath(repairs.root, manifest.resolve().parent)).as_posix()
    text = _edited(manifest, paths.name, root) if manifest == path else _new(path, manifest, name, paths.name, root)
    try:
        write_whole(paths, repairs.table.to_csv(index=False))
        write_whole(manifest, text)
    except OSError as error:
        raise CatalogError(f"{manifest} cannot be written: {error.strerror}", "correct its permissions") from error
    return manifest


def _edited(manifest: Path, paths: str, root: str) -> str:
    """A manifest with the two lines below [collection]; everything else stays as it is written."""
    text = manifest.read_text(encoding="utf-8-sig")
    if tomllib.loads(text)["collection"].get("root", ".") != root and root == "..":
        text = _one_folder_up(text, manifest)
    for key, value in (("root", root), ("paths", paths)):
        line = tomli_w.dumps({key: value}).strip()
        old = re.compile(rf"^{key}\s*=.*$", re.MULTILINE)
        head, collection, rest = text.partition("[collection]")
        section, mark, tail = rest.partition("\n[")
        there = old.search(section)
        same = there is not None and tomllib.loads(there[0])[key] == value
        changed = section if same else old.sub(line.replace("\\", r"\\"), section, count=1)
        changed = changed if there else f"\n{line}{section}"
        text = head + collection + changed + mark + tail
    return text


def _one_folder_up(text: str, manifest: Path) -> str:
    """The tables of a manifest whose root moves one folder up."""
    content = tomllib.loads(text)
    if "masks" in content or content["collection"].get("root", ".") != ".":
        raise CatalogError(
            f"the images of {manifest} lie above its root", "move the manifest up, and correct its paths"
        )
    return re.sub(r'^(path\s*=\s*")(?=[^"/])', rf"\g<1>{manifest.resolve().parent.name}/", text, flags=re.MULTILINE)


def _new(source: Path, manifest: Path, name: str, paths: str, root: str) -> str:
    if manifest.exists():
        raise CatalogError(f"{manifest} exists already", f"give it instead of {source.name}")
    about = {"name": name, "root": root, "paths": paths}
    if table_format(str(source)):
        table = os.path.relpath(source.resolve(), manifest.resolve().parent)
        # A table lies below the root, unless its path is absolute.
        inside = root == "."
        path = tomli_w.dumps({"path": table if inside else str(source.resolve())})
        return f"[collection]\n{tomli_w.dumps(about)}\n[[tables]]\n{path}"
    if source.suffix.lower() == ".zip" and root == ".":
        return tomli_w.dumps({"collection": {**about, "root": source.name, "layout": "darwin-core-archive"}})
    raise CatalogError(f"no manifest can be written for {source}", "give its table instead, or correct its paths")
