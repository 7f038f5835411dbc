"""What a disk may hold after a power cut: the recorded steps of a writer, replayed up to any moment.

A name survives for certain if its folder was synced since, a content if its file was. Everything else may have reached
the disk or not, each by itself, and a content also in part.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finercam_core.io.disk import steps

STEPS = ("make_folder", "write_file", "copy_file", "sync_file", "rename", "remove", "sync_folder", "sync_everything")
Event = tuple[str, Any, Any]


class Recorder:
    """Records the steps of the store's own writer while they are done; `note` adds what was acknowledged."""

    def __init__(self, monkeypatch: Any) -> None:
        self.events: list[Event] = []
        for name in STEPS:
            monkeypatch.setattr(steps, name, self._recorded(name, getattr(steps, name)))

    def note(self, what: Any) -> None:
        self.events.append(("note", what, None))

    def _recorded(self, name: str, step: Any) -> Any:
        def recorded(first: Any, second: Any = None) -> Any:
            known = first.exists() if name == "remove" else True
            if name == "make_folder":
                made = step(first)
                self.events.extend(("make_folder", folder, None) for folder in _made(first, made))
                return made
            done = step(first) if second is None else step(first, second)
            if name == "copy_file":
                self.events.append(("write_file", second, second.read_bytes()))
                return done
            if known:
                self.events.append((name, first, second))
            return done

        return recorded


def _made(folder: Path, parents: list[Path]) -> list[Path]:
    """Folders that were made, from the top down: `folder` and so many above it as changed their parents."""
    return [folder, *folder.parents][: len(parents)][::-1]


@dataclass
class _File:
    """A file whatever its name: its content, and whether that is on the disk."""

    content: bytes
    synced: bool = False


@dataclass
class _Name:
    """What a name stood for, one after the other; from `certain` on, any of it may be what the disk says."""

    stages: list[_File | None] = field(default_factory=lambda: [None])
    certain: int = 0


class Disk:
    """What is known of a disk after the first steps of a recording.

    Parameters
    ----------
    events : list of Event
    root : Path
        The store; names are kept relative to it.
    """

    def __init__(self, events: list[Event], root: Path) -> None:
        self.root = root
        self.names: dict[Path, _Name] = defaultdict(_Name)
        self.folders: dict[Path, bool] = {}  # whether it is on the disk for certain
        for kind, first, second in events:
            if kind != "note":
                getattr(self, f"_{kind}")(first, second)

    def _make_folder(self, folder: Path, _: object) -> None:
        self.folders.setdefault(folder, False)

    def _write_file(self, path: Path, content: bytes) -> None:
        self.names[path].stages.append(_File(content))

    def _sync_file(self, path: Path, _: object) -> None:
        file = self.names[path].stages[-1]
        assert file is not None
        file.synced = True

    def _rename(self, source: Path, target: Path) -> None:
        self.names[target].stages.append(self.names[source].stages[-1])
        self.names[source].stages.append(None)

    def _remove(self, path: Path, _: object) -> None:
        self.names[path].stages.append(None)

    def _sync_folder(self, folder: Path, _: object) -> None:
        for path, name in self.names.items():
            if path.parent == folder:
                name.certain = len(name.stages) - 1
        for path in self.folders:
            if path.parent == folder:
                self.folders[path] = True

    def _sync_everything(self, _files: object, _folders: object) -> None:
        for name in self.names.values():
            name.certain = len(name.stages) - 1
            for file in name.stages:
                if file is not None:
                    file.synced = True
        self.folders = dict.fromkeys(self.folders, True)

    def build(self, target: Path, rng: random.Random) -> None:
        """Make one of the states that the disk may be in."""
        share = rng.choice((0.0, 0.5, 0.9, 1.0))  # of what is uncertain that reached the disk
        kept = {path for path, certain in self.folders.items() if certain or rng.random() < share}
        for path in sorted(kept):
            if self._reachable(path, kept):
                (target / path.relative_to(self.root)).mkdir(parents=True, exist_ok=True)
        for path, name in self.names.items():
            last = len(name.stages) - 1
            stage = name.certain
            while stage < last and rng.random() < share:
                stage += 1
            file = name.stages[stage]
            if file is not None and self._reachable(path.parent, kept):
                content = file.content if file.synced or rng.random() < share else _torn(file.content, rng)
                (target / path.relative_to(self.root)).parent.mkdir(parents=True, exist_ok=True)
                (target / path.relative_to(self.root)).write_bytes(content)

    def _reachable(self, folder: Path, kept: set[Path]) -> bool:
        return all(path in kept for path in (folder, *folder.parents) if path in self.folders)


def _torn(content: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", bytes(len(content)), content[: rng.randrange(len(content) + 1)]))
