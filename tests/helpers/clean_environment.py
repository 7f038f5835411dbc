"""A virtual environment with the base package, or with some extras, alone: made of what is installed here."""

import os
import subprocess
import tomllib
import venv
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def needed(extras: Iterable[str]) -> set[str]:
    """Names of the distributions that finercam with these extras brings, those that they need in turn included."""
    own = [*PROJECT["dependencies"], *(text for extra in extras for text in PROJECT["optional-dependencies"][extra])]
    found: dict[str, set[str]] = {}
    todo = [Requirement(text) for text in own]
    while todo:
        wanted = todo.pop()
        if wanted.name == "finercam":
            todo += [Requirement(text) for extra in wanted.extras for text in PROJECT["optional-dependencies"][extra]]
            continue
        known = found.get(wanted.name.lower())
        if known is not None and wanted.extras <= known:
            continue
        found[wanted.name.lower()] = (known or set()) | wanted.extras
        for text in distribution(wanted.name).requires or ():
            further = Requirement(text)
            chosen = [{"extra": extra} for extra in (*found[wanted.name.lower()], "")]
            if further.marker is None or any(further.marker.evaluate(each) for each in chosen):
                todo.append(further)
    return set(found)


def tops(names: Iterable[str]) -> Iterator[Path]:
    """The files and folders of distributions in this environment's site-packages."""
    for name in names:
        one = distribution(name)
        for file in one.files or ():
            if file.parts[0] not in ("..", "__pycache__"):
                yield Path(str(one.locate_file(file.parts[0])))


def clean_environment(folder: Path, *extras: str, wheel: Path | None = None) -> Path:
    """Make the environment, with the modules of these sources or of a wheel; its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for path in set(tops(needed(extras))):
        if path.exists():
            (packages / path.name).symlink_to(path)
    if wheel is None:
        (packages / "finercam.pth").write_text("\n".join(str(ROOT / part) for part in (".", "flows", "viewer")))
        about = next(file for file in distribution("finercam").files or () if file.name == "METADATA")
        place = Path(str(about.locate())).parent  # `finercam serve` reads there which versions it needs
        (packages / place.name).symlink_to(place)
    else:
        zipfile.ZipFile(wheel).extractall(packages)
    return folder / "bin" / "python"


def run_in(python: Path, words: Iterable[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run `finercam` in an environment."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment = {**kept, "QT_QPA_PLATFORM": "offscreen", "PREFECT_HOME": str(folder / "prefect")}
    command = [str(python), "-m", "finercam_flows", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=environment, timeout=900
    )  # fmt: skip
