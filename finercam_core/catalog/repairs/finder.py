"""Where the files of missing images are: under another Unicode form, case or ending, encoded, or in another folder."""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pandas as pd

from finercam_core.io.addresses import is_url
from finercam_core.io.packed import open_pack, packed_place

# Larger folders are not looked through.
_MOST_FILES = 1_000_000
_COLUMNS = ("path", "found", "reason")


@dataclass(frozen=True, eq=False)
class Repairs:
    """Files that were found for missing images.

    Parameters
    ----------
    root : str
        Where the found paths start: the collection's root, or the folder above it.
    table : DataFrame
        path (as in the catalog), found, reason; one row per different path.
    """

    root: str
    table: pd.DataFrame


def find_repairs(root: str, missing: Sequence[str], taken: Collection[str] = ()) -> Repairs:
    """Look for missing files below a root; if none is there, in the folder above it.

    A path is repaired only where exactly one file fits it, and that file fits no other.

    Parameters
    ----------
    root : str
        Of the collection; nothing is found for a URL.
    missing : sequence of str
        Paths relative to it, or absolute ones.
    taken : collection of str
        Paths below the root that other images have: their files are no other's.
    """
    nothing = Repairs(root, pd.DataFrame(columns=list(_COLUMNS), dtype="str"))
    if is_url(root) or not missing:
        return nothing
    wanted = list(dict.fromkeys(path.replace("\\", "/") for path in missing))
    for base, most in ((root, _MOST_FILES), (str(Path(root).parent), _MOST_FILES // 10)):
        files = _files(base, most)
        rows = _found(files, wanted)
        if rows:
            table = pd.DataFrame(rows, columns=list(_COLUMNS), dtype="str")
            unsure = table["found"].duplicated(keep=False) | (table["found"].isin(list(taken)) & (base == root))
            return Repairs(base, table[~unsure].reset_index(drop=True))
        here = {_key(PurePosixPath(file).name) for file in files}
        if any(_key(PurePosixPath(path).name) in here for path in wanted):
            break  # several files fit: another place would be a guess
    return nothing


def _files(base: str, most: int) -> list[str]:
    """Paths of all files below a folder, or in a packed file; [] if there are too many."""
    place = packed_place(base)
    if place:
        inner = f"{place[1]}/" if place[1] else ""
        return [name.removeprefix(inner) for name in open_pack(place[0]).names if name.startswith(inner)]
    names: list[str] = []
    for folder, _, files in os.walk(base):
        relative = Path(folder).relative_to(base).as_posix()
        names += files if relative == "." else [f"{relative}/{file}" for file in files]
        if len(names) > most:
            return []
    return names


def _found(files: Sequence[str], wanted: Sequence[str]) -> list[tuple[str, str, str]]:
    """Path, found file and reason of each missing path that exactly one file fits."""
    by_key = _grouped(files)
    rows = [(path, *near) for path in wanted if (near := _nearest(path, by_key.get(_key(path), ())))]
    for elsewhere in (_in_another_folder, _by_name):
        found = {row[0] for row in rows}
        rows += elsewhere(files, [path for path in wanted if path not in found])
    return rows


def _grouped(files: Iterable[str]) -> Mapping[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for file in files:
        groups[_key(file)].append(file)
    return groups


def _key(path: str) -> str:
    """A path without what people's systems change: Unicode form, case, encoded characters, ending."""
    text = unicodedata.normalize("NFC", _decoded(path)).casefold()
    return str(PurePosixPath(text).with_suffix("")) if PurePosixPath(text).suffix else text


def _decoded(path: str) -> str:
    """A path without %20 and the like; as it is, if these are no UTF-8."""
    text = unquote(path)
    return path if "\ufffd" in text else text


def _nearest(path: str, files: Sequence[str]) -> tuple[str, str] | None:
    """The one file that differs least from a path, and in what; None if several differ as little."""
    ranked: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for file in files:
        reasons = _differences(path, file)
        ranked[len(reasons)].append((file, ", ".join(reasons)))
    least = ranked[min(ranked)] if ranked else []
    return least[0] if len(least) == 1 else None


def _differences(path: str, file: str) -> list[str]:
    """In what a path and a file differ: Unicode form, %20, case, ending."""
    reasons = []
    first, second = _decoded(path), _decoded(file)
    if (first != path) != (second != file):
        reasons.append("encoded characters (%20)")
    if unicodedata.normalize("NFC", first) != first or unicodedata.normalize("NFC", second) != second:
        reasons.append("Unicode form (NFC, NFD)")
    first, second = (unicodedata.normalize("NFC", text) for text in (first, second))
    ends = PurePosixPath(first).suffix, PurePosixPath(second).suffix
    if ends[0].casefold() != ends[1].casefold():
        reasons.append(f"ending {ends[1] or '(none)'}")
    stems = (str(PurePosixPath(text).with_suffix("")) for text in (first, second))
    if len(set(stems)) > 1 or (ends[0] != ends[1] and ends[0].casefold() == ends[1].casefold()):
        reasons.append("case of letters")
    return reasons


def _in_another_folder(files: Sequence[str], left: Sequence[str]) -> list[tuple[str, str, str]]:
    """Paths that are there when leading folders are taken off or put before them, in the same way for most."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for file in files:
        by_name[_key(PurePosixPath(file).name)].append(file)
    rules: Counter[tuple[int, str]] = Counter()
    for path in left:
        rules.update({rule for file in by_name.get(_key(PurePosixPath(path).name), ()) for rule in _rules(path, file)})
    if not rules:
        return []
    # Of rules that fit as many, the one that changes least; where two change as little, nobody can tell.
    most = max(rules.values())
    best = sorted((rule for rule, count in rules.items() if count == most), key=lambda rule: (rule[0], len(rule[1])))
    off, before = best[0]
    if len(best) > 1 and (best[1][0], len(best[1][1])) == (off, len(before)):
        return []
    by_key = _grouped(files)
    rows = []
    for path in left:
        moved = before + "/".join(path.lstrip("/").split("/")[off:])
        near = _nearest(moved, by_key.get(_key(moved), ()))
        if near:
            reason = ", ".join(filter(None, [_words(path, off, before), near[1]]))
            rows.append((path, near[0], reason))
    return rows


def _by_name(files: Sequence[str], left: Sequence[str]) -> list[tuple[str, str, str]]:
    """Paths whose file's name one file alone has, and no other of the paths, in whichever folders the files are."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for file in files:
        by_name[_key(PurePosixPath(file).name)].append(file)
    keys = Counter(_key(PurePosixPath(path).name) for path in left)
    rows = []
    for path in left:
        *folders, name = path.lstrip("/").split("/")
        there = by_name.get(_key(name), ()) if keys[_key(name)] == 1 else ()
        if len(there) == 1:
            before = there[0].rpartition("/")[0]
            near = _differences(f"{before}/{name}", there[0])
            moved = _words(path, len(folders), f"{before}/" if before else "")
            rows.append((path, there[0], ", ".join(filter(None, [moved, *near]))))
    return rows


def _rules(path: str, file: str) -> set[tuple[int, str]]:
    """How many folders to take off a path, and which to put before it, so that it is this file; the least of each."""
    parts, there = path.lstrip("/").split("/"), file.split("/")
    same = 0
    while same < min(len(parts), len(there)) and _key(parts[-1 - same]) == _key(there[-1 - same]):
        same += 1
    off, before = len(parts) - same, "/".join(there[: len(there) - same])
    return {(off, f"{before}/" if before else "")} if same else set()


def _words(path: str, off: int, before: str) -> str:
    taken = "/".join(path.lstrip("/").split("/")[:off])
    words = (f"without the folder {taken}" if taken else "", f"in the folder {before}" if before else "")
    return ", ".join(filter(None, words))
