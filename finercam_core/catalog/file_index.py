"""Which files of a collection exist, by listing each folder once instead of asking for each file."""

import fsspec
import pandas as pd

from finercam_core.io.addresses import join
from finercam_core.io.faults import catalog_error, no_answer
from finercam_core.io.packed import open_pack, packed_place


class FileIndex:
    """The names in the folders below one root; each folder is listed when it is first asked for.

    Parameters
    ----------
    root : str
        Folder, packed file of images, or URL that fsspec can list.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._folders: dict[str, frozenset[str]] = {}

    def names(self, folder: str) -> frozenset[str]:
        """Names of the entries of a folder below the root; empty if there is no such folder.

        Raises
        ------
        CatalogError
            The folder cannot be listed.
        """
        if folder not in self._folders:
            self._folders[folder] = self._list(folder)
        return self._folders[folder]

    def exist(self, paths: pd.Series) -> pd.Series:
        """Whether a file of this name lies there, for each relative POSIX path; False for ""."""
        parts = paths.str.rsplit("/", n=1, expand=False)
        folders = parts.map(lambda p: p[0] if len(p) > 1 else "")
        result = pd.Series(False, index=paths.index)
        for folder, rows in paths.groupby(folders, sort=False):
            names = self.names(str(folder))
            result.loc[rows.index] = [path.rsplit("/", 1)[-1] in names for path in rows]
        return result & (paths != "")

    def _list(self, folder: str) -> frozenset[str]:
        if folder.startswith("/") or ".." in folder.split("/"):
            return frozenset()
        location = join(self.root, folder) if folder else self.root
        try:
            place = packed_place(location)
            if place:
                return open_pack(place[0]).folders.get(place[1], frozenset())
            system, path = fsspec.url_to_fs(location)
            return frozenset(str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in system.ls(path, detail=False))
        except (FileNotFoundError, NotADirectoryError) as error:
            if no_answer(error):
                raise catalog_error(location, "listed", error) from error
            return frozenset()
        except Exception as error:  # fsspec's back ends raise whatever their client raises
            raise catalog_error(location, "listed", error) from error
