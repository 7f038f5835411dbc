"""Which files a catalog needs, with the checksum of each, and where each is asked for."""

import threading
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pandas as pd

from finercam_core.catalog import Catalog
from finercam_core.catalog.columns import image_locations
from finercam_core.catalog.file_index import FileIndex
from finercam_core.fetch.checksums import function_name
from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.records import FileKey, RemoteFile
from finercam_core.fetch.settings import FetchSettings
from finercam_core.fetch.transport.hub import Hub
from finercam_core.fetch.transport.retry import retrying
from finercam_core.io.addresses import is_url, join, url_faults
from finercam_core.redaction import name_of


def wanted(catalog: Catalog) -> pd.DataFrame:
    """Files that a catalog needs.

    Returns
    -------
    DataFrame
        One row per specimen and file: image_id, scientificName, the columns of `records.KEY`, `fault` ("" or the
        `Reason` for which the file is never requested), `unchecked` (a checksum is given that cannot be checked), and
        `address` (where it is asked for; `uri`, which is kept, has no credentials).
    """
    table = pd.concat([_images(catalog), _masks(catalog)], ignore_index=True)
    return table.assign(uri=table["uri"].map(name_of).astype("str"), address=table["uri"])


def _images(catalog: Catalog) -> pd.DataFrame:
    table = catalog.specimens
    uris = _image_uris(catalog)
    functions = [function_name(*pair) for pair in zip(table["hashFunction"], table["hashValue"], strict=True)]
    function = pd.Series(functions, index=table.index, dtype="str")
    known = function != ""
    # A row without a usable file keeps its text, for the log.
    fault = table["fault"].where(table["fault"] == "", _reason_of(table["fault"]))
    return pd.DataFrame({
        "image_id": table["image_id"], "scientificName": table["scientificName"], "what": "image", "uri": uris,
        "hashFunction": function, "hashValue": table["hashValue"].str.strip().str.lower().where(known, ""),
        "fault": fault, "unchecked": (table["hashValue"] != "") & ~known,
    })  # fmt: skip


def _reason_of(faults: pd.Series) -> pd.Series:
    names = set(Reason)
    return faults.map(lambda name: name if name in names else Reason.NOT_ALLOWED.value)


def _image_uris(catalog: Catalog) -> list[str]:
    """The path; the address where there is no path, or no local file at that path."""
    table = catalog.specimens
    locations = image_locations(table)
    both = (table["path"] != "") & (table["accessURI"] != "") & (table["fault"] == "")
    if both.any() and not is_url(catalog.root):
        there = FileIndex(catalog.root).exist(table.loc[both, "path"])
        safe = url_faults(table.loc[both, "accessURI"]) == ""
        locations = locations.mask((~there & safe).reindex(table.index, fill_value=False), table["accessURI"])
    return [join(catalog.root, location) for location in locations]


def _masks(catalog: Catalog) -> pd.DataFrame:
    table = catalog.specimens[catalog.specimens["maskURI"] != ""]
    uris = pd.Series([join(catalog.root, location) for location in table["maskURI"]], index=table.index, dtype="str")
    blank = pd.Series("", index=table.index, dtype="str")
    return pd.DataFrame({
        "image_id": table["image_id"], "scientificName": table["scientificName"], "what": "mask", "uri": uris,
        "hashFunction": blank, "hashValue": blank, "fault": blank, "unchecked": False,
    })  # fmt: skip


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

    def remote_file(self, key: FileKey, fault: str, address: str = "") -> RemoteFile | FetchFailure:
        """Where to ask for a file, or why it is never requested.

        Parameters
        ----------
        key : FileKey
        fault : str
            Name of the `Reason` for which it cannot be fetched, or "".
        address : str
            Where it is asked for, if that is not the key's `uri`.
        """
        if fault:
            return FetchFailure(Reason(fault), key.uri)
        file = self.at_hub.get(key.uri, RemoteFile(address or key.uri))
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
