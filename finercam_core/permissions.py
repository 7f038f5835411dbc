"""What a person has allowed: functions that a classifier's folder names, and servers of private networks."""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from finercam_core.errors import ClassifierError
from finercam_core.settings import settings, variable

VARIABLE = variable("allow_factories")
ALLOW_PRIVATE = variable("allow_private")
SEPARATOR = ";"
_NAME = re.compile(r"(?:[A-Za-z_][\w.]*|.+\.py):[A-Za-z_]\w*", re.DOTALL)


def private_allowed() -> bool:
    """Whether the environment variable ``FINERCAM_ALLOW_PRIVATE`` allows servers of this machine and its network."""
    return settings().allow_private


def is_factory(spec: str) -> bool:
    """Whether a text names a function, as ``package.module:function`` or ``file.py:function``."""
    return _NAME.fullmatch(spec) is not None and not spec.startswith(("hf-hub:", "local-dir:"))


def named_factory(folder: Path) -> str | None:
    """The function that a classifier's folder names in ``finercam.json``; None where it names none."""
    try:
        content = json.loads((folder / "finercam.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # whoever loads the classifier says what is wrong with the file
        return None
    return str(content["factory"]) if isinstance(content, dict) and "factory" in content else None


def _whole(factory: str) -> str:
    """A function's name with its file in full, links resolved, so that it means the same from every folder."""
    place, _, function = factory.rpartition(":")
    return f"{Path(place).expanduser().resolve()}:{function}" if place.endswith(".py") else factory


@dataclass(frozen=True)
class AllowedFactories:
    """The functions that may be called to build a model, and the folders that may name any.

    Attributes
    ----------
    names : frozenset of str
        As ``package.module:function``, or ``file.py:function`` with the file in full.
    folders : frozenset of Path
        Of classifiers, whose ``finercam.json`` is believed; in full, links resolved.
    """

    names: frozenset[str] = frozenset()
    folders: frozenset[Path] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Self:
        """From names of functions and of folders."""
        stated = [entry.strip() for entry in entries if entry.strip()]
        folders = {Path(entry).expanduser().resolve() for entry in stated if not is_factory(entry)}
        return cls(frozenset(map(_whole, filter(is_factory, stated))), frozenset(folders))

    @classmethod
    def from_environment(cls) -> Self:
        """What the environment variable ``FINERCAM_ALLOW_FACTORIES`` allows; its entries are separated by ``;``."""
        return cls.of(settings().allow_factories.split(SEPARATOR))

    def also(self, *entries: str) -> "AllowedFactories":
        """These, and further names; a folder is not allowed by being named here."""
        return AllowedFactories(self.names.union(map(_whole, filter(is_factory, entries))), self.folders)

    def check(self, factory: str, folder: Path | None = None) -> None:
        """Refuse a function that nobody has allowed.

        Parameters
        ----------
        factory : str
            As ``package.module:function`` or ``file.py:function``.
        folder : Path, optional
            The classifier's folder that names it.

        Raises
        ------
        ClassifierError
        """
        if _whole(factory) in self.names or (folder is not None and folder.resolve() in self.folders):
            return
        where = "the classifier" if folder is None else f"{folder / 'finercam.json'}"
        raise ClassifierError(
            f"{where} names a function to call, {factory}, and nobody has allowed it",
            f"if you trust it: --allow-factory {factory}, allow_factories in prefect.yaml, or {VARIABLE}={factory}",
        )


def allow_in_environment(entries: Iterable[str]) -> None:
    """Allow functions and folders in this process and in those that it starts."""
    whole = [_whole(entry) if is_factory(entry) else str(Path(entry).expanduser().resolve()) for entry in entries]
    stated = [entry for entry in (*os.environ.get(VARIABLE, "").split(SEPARATOR), *whole) if entry.strip()]
    if stated:
        os.environ[VARIABLE] = SEPARATOR.join(dict.fromkeys(stated))
