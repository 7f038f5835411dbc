"""What every packed file of images has: the path of each file within it, its folders, and one refusal of the rest."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property


class Pack(ABC):
    """A packed file of images, read in place.

    Parameters
    ----------
    path : str
        Of the packed file itself.
    names : iterable of str
        Paths of all files in it, with `/` between folders.
    """

    def __init__(self, path: str, names: Iterable[str]) -> None:
        self.path = path
        self.names = list(names)

    @cached_property
    def folders(self) -> Mapping[str, frozenset[str]]:
        """Names of the entries of each folder in it, "" the topmost."""
        folders: dict[str, set[str]] = defaultdict(set)
        for name in self.names:
            path = name
            while path:
                parent, _, last = path.rpartition("/")
                if last in folders[parent]:
                    break
                folders[parent].add(last)
                path = parent
        return {folder: frozenset(entries) for folder, entries in folders.items()}

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises
        ------
        FileNotFoundError
            It is not among the `names`.
        OSError
            It is damaged, encrypted or too large.
        """

    def _missing(self, name: str) -> FileNotFoundError:
        return FileNotFoundError(f"{self.path} has no file {name}")
