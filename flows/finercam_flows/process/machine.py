"""What this machine has: packages, processors, GPU, screen, disk, and whether the hub of models answers."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from finercam_core import __version__
from finercam_core.errors import RunError
from finercam_core.extras import EXTRAS, install_hint, missing
from finercam_core.settings import ShownSetting, shown, unknown_variables

PACKAGES = ("numpy", "pandas", "zarr", "xarray", "torch", "timm", "prefect", "napari", "PySide6")
LEAST_DISK = 5e9
"""Bytes that should be free: maps of some thousand photographs, and a model."""


@dataclass(frozen=True)
class Machine:
    """What was found.

    Attributes
    ----------
    versions : dict of str to str
        By name, "" where it is not installed; Python and finercam among them.
    lacking : dict of str to list of str
        By extra: its modules that are not installed.
    processors : int
    gpu : str
        Its name, or in words why there is none.
    has_gpu : bool
        Whether torch can compute on one.
    screen : str
        What windows are shown on; "" where there is no screen.
    free : int
        Bytes that are free in the current folder.
    hub : bool
        Whether the Hugging Face hub answers.
    settings : list of ShownSetting
        Environment variables of finercam's.
    unknown_settings : list of str
        A sentence for each variable that looks like one and is none.
    """

    versions: dict[str, str]
    lacking: dict[str, list[str]]
    processors: int
    gpu: str
    has_gpu: bool
    screen: str
    free: int
    hub: bool
    settings: list[ShownSetting] = field(default_factory=list)
    unknown_settings: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What is wrong, with what to do; one sentence each."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        if "torch" in self.lacking["explain"]:
            yield f"nothing can be trained or annotated without torch: {install_hint('explain')}"
        elif not self.hub and self.lacking["backbone"]:
            yield f"the Hugging Face hub cannot be reached, and no model is here: {install_hint('backbone')}"
        if not self.has_gpu and self.gpu.startswith("NVIDIA"):
            yield f"{self.gpu} is there, but torch cannot use it: install torch for CUDA, see pytorch.org"
        if not self.lacking["viewer"] and not self.screen:
            yield "there is no screen, so that `finercam review` cannot open its window: set DISPLAY, or use xvfb-run"
        if self.free < LEAST_DISK:
            yield f"only {self.free / 1e9:.1f} GB are free here: maps and models may not fit"
        yield from self.unknown_settings


def need(extra: str, brings: str = "") -> None:
    """Raise `RunError` at once if a module of an extra is not installed, before anything is computed for nothing.

    Parameters
    ----------
    extra : str
    brings : str
        The extra that is named in the remedy, where another one brings the first along.
    """
    lacking = missing(extra)
    if lacking:
        raise RunError(f"this needs {lacking[0]}, which is not installed", install_hint(brings or extra))


def examine() -> Machine:
    """Look at this machine; takes some seconds where torch is installed."""
    from finercam_core.io.hub import hub_answers
    from finercam_core.io.workers import processors

    has_gpu, gpu = graphics()
    return Machine(
        versions=_versions(),
        lacking={extra: missing(extra) for extra in EXTRAS},
        processors=processors(),
        gpu=gpu,
        has_gpu=has_gpu,
        screen=screen(),
        free=shutil.disk_usage(Path.cwd()).free,
        hub=hub_answers(),
        settings=shown(),
        unknown_settings=list(unknown_variables()),
    )  # fmt: skip


def _versions() -> dict[str, str]:
    own = {"finercam": __version__, "python": platform.python_version()}
    return {**own, **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def graphics() -> tuple[bool, str]:
    """Whether torch can compute on a GPU, and which one, or why not."""
    if not missing("explain"):
        import torch

        if torch.cuda.is_available():
            return True, torch.cuda.get_device_name(0)
        if torch.backends.mps.is_available():
            return True, "Apple GPU (mps)"
    return False, _driver_says() or "none"


def _driver_says() -> str:
    """Name of an NVIDIA GPU that its driver knows, whatever torch can do; "" without one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    question = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        found = subprocess.run(question, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    name = found.stdout.strip().splitlines()[0] if found.returncode == 0 and found.stdout.strip() else ""
    return name if name.startswith("NVIDIA") or not name else f"NVIDIA {name}"


def screen() -> str:
    """What windows are shown on; "" where there is none."""
    if sys.platform in ("win32", "darwin"):
        return "this computer's own"
    return os.environ.get("WAYLAND_DISPLAY", "") or os.environ.get("DISPLAY", "")
