"""Which files of a collection exist, by listing each folder once instead of asking for each file."""

import fsspec
import pandas as pd

from finercam_core.io.addresses import join
from finercam_core.io.faults import no_answer, unreadable


class Listing:
    """Remembers the folders of one root that were looked into."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._folders: dict[str, frozenset[str]] = {}

    def names(self, folder: str) -> frozenset[str]:
        """Names of the entries of a folder below the root; empty when there is no such folder."""
        if folder not in self._folders:
            self._folders[folder] = self._look(folder)
        return self._folders[folder]

    def exist(self, paths: pd.Series) -> pd.Series:
        """For relative POSIX paths: boolean Series, whether a file of that name lies there."""
        parts = paths.str.rsplit("/", n=1, expand=False)
        folders = parts.map(lambda p: p[0] if len(p) > 1 else "")
        result = pd.Series(False, index=paths.index)
        for folder, rows in paths.groupby(folders, sort=False):
            known = self.names(str(folder))
            result.loc[rows.index] = [path.rsplit("/", 1)[-1] in known for path in rows]
        return result & (paths != "")

    def _look(self, folder: str) -> frozenset[str]:
        if folder.startswith("/") or ".." in folder.split("/"):
            return frozenset()
        location = join(self.root, folder) if folder else self.root
        try:
            system, place = fsspec.url_to_fs(location)
            return frozenset(str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in system.ls(place, detail=False))
        except (FileNotFoundError, NotADirectoryError) as error:
            if no_answer(error):
                raise unreadable(location, "listed", error) from error
            return frozenset()
        except Exception as error:  # fsspec's back ends raise whatever their client raises
            raise unreadable(location, "listed", error) from error
