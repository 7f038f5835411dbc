"""Where each file of a run is asked for: its address at the hub, or the one that the catalog states."""

import threading
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pandas as pd

from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.records import FileKey, RemoteFile
from finercam_core.fetch.settings import FetchSettings
from finercam_core.fetch.transport.hub import Hub
from finercam_core.fetch.transport.retry import retrying


@dataclass(frozen=True)
class Addresses:
    """Addresses of the files of a run.

    Attributes
    ----------
    at_hub : dict of str to RemoteFile or FetchFailure
        For each ``hf://`` address, what the hub knows of its file.
    """

    at_hub: dict[str, RemoteFile | FetchFailure]

    @classmethod
    def of(cls, todo: pd.DataFrame, settings: FetchSettings, stop: threading.Event) -> "Addresses":
        """Look up the files of a run that lie at the hub.

        Raises
        ------
        FetchError
            If the hub cannot be reached, or has no such repository.
        """
        uris: list[str] = todo.loc[todo["uri"].str.startswith("hf://") & (todo["fault"] == ""), "uri"].unique().tolist()
        return cls(Hub(lambda: retrying(settings, stop)).locate(uris) if uris else {})

    @property
    def promised_bytes(self) -> int:
        """Sum of the sizes that the hub states."""
        return sum(file.size or 0 for file in self.at_hub.values() if isinstance(file, RemoteFile))

    def remote_file(self, key: FileKey, fault: str) -> RemoteFile | FetchFailure:
        """Where to ask for a file, or why it is never requested.

        Parameters
        ----------
        key : FileKey
        fault : str
            Name of the `Reason` for which it cannot be fetched, or "".
        """
        if fault:
            return FetchFailure(Reason(fault), key.uri)
        file = self.at_hub.get(key.uri, RemoteFile(key.uri))
        if isinstance(file, FetchFailure) or not key.hashFunction:
            return file
        return replace(file, checksums={**file.checksums, key.hashFunction: key.hashValue})

    def host(self, uri: str) -> str:
        """Host of a file, or the kind of store that it lies in."""
        file = self.at_hub.get(uri)
        address = file.address if isinstance(file, RemoteFile) else uri
        try:
            return urlsplit(address).hostname or urlsplit(address).scheme
        except ValueError:
            return ""
