"""Where files may lie: inside the collection's folder, or at an address of a remote store. Nothing is opened."""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import pandas as pd

from finercam_core.status import Status

REMOTE = ("http", "https", "hf", "s3", "gs", "gcs", "az", "abfs", "ftp", "sftp")
_REMOTE_URL = rf"^(?:{'|'.join(REMOTE)})://[^/]"
_SCHEME = r"^[A-Za-z][A-Za-z0-9+.-]*:"
_UP = r"(?:^|/)\.\.(?:/|$)"
_CONTROL = "[\x00-\x1f\x7f]"
# Before the host `::` chains file systems; in a path of the web, or within the brackets of IPv6, it is text.
_IN_BRACKETS = r"//\[[0-9A-Fa-f:.]*\]"
_CHAINED = r"^[^/]*::|::[A-Za-z][A-Za-z0-9+-]*(?::|$)"


def is_url(text: str) -> bool:
    """Whether a location is a URL (any scheme) rather than a local path."""
    return "://" in text


def is_web(location: str) -> bool:
    """Whether a location is on a web server, where characters are encoded and folders cannot be listed."""
    return location.startswith(("http://", "https://"))


def scheme_of(url: str) -> str:
    """Scheme of a URL in lower case, "" for a local path."""
    return url.partition("://")[0].lower() if is_url(url) else ""


def is_remote(url: str) -> bool:
    """Whether a URL is the plain address of a remote store: no local file, however it is dressed (`url_faults`)."""
    return bool(url_faults(pd.Series([url], dtype="str")).iloc[0] == "") and bool(url)


def leaves(path: str) -> bool:
    """Whether a relative path goes up somewhere."""
    return re.search(_UP, path.replace("\\", "/")) is not None


def absolute(location: str) -> str:
    """A local path in full, links resolved; a URL as it is."""
    return location if is_url(location) else str(Path(location).resolve())


def join(root: str, path: str) -> str:
    """A location below a root; below a web address the characters that URLs reserve (`#`, `?`, space) are encoded."""
    if is_url(path):
        return path
    return f"{root.rstrip('/')}/{quote(path) if is_web(root) else path}"


def clean_paths(paths: pd.Series, root: str) -> tuple[pd.Series, pd.Series]:
    """Make paths relative to the root and judge them by their text alone.

    Parameters
    ----------
    paths : Series of str
        Paths as in the table: relative, or absolute below a local root; backslashes count as slashes.
    root : str
        The collection's folder or URL.

    Returns
    -------
    (paths, faults) : Series of str
        POSIX paths relative to the root; and "" or the name of the `Status` that keeps the image from being opened.
    """
    cleaned = paths.str.replace("\\", "/", regex=False)
    dotted = cleaned.str.contains("./", regex=False)  # few are, and this pattern is slow
    if dotted.any():
        cleaned = cleaned.mask(dotted, cleaned[dotted].str.replace(r"(?:^|(?<=/))(?:\./)+", "", regex=True))
    if not is_url(root):
        inside = PurePosixPath(root).as_posix().rstrip("/") + "/"
        cleaned = cleaned.where(~cleaned.str.startswith(inside), cleaned.str.slice(len(inside)))
    outside = cleaned.str.match(_SCHEME) | cleaned.str.startswith("/") | cleaned.str.contains(_UP, regex=True)
    faults = pd.Series("", index=paths.index, dtype="str").mask(outside, Status.OUTSIDE_COLLECTION.name)
    return cleaned, faults.mask(cleaned.str.contains(_CONTROL, regex=True), Status.UNREADABLE.name)


def url_faults(urls: pd.Series) -> pd.Series:
    """`""` or OUTSIDE_COLLECTION: only plain addresses of remote stores may be opened, no `file:`, no chained URLs."""
    bare = urls.str.replace(_IN_BRACKETS, "//host", regex=True)
    chained = bare.str.contains(_CHAINED, regex=True)
    chained |= bare.str.contains("::", regex=False) & ~bare.str.match(r"https?://", case=False)
    safe = urls.str.match(_REMOTE_URL, case=False) & ~chained
    safe &= ~urls.str.contains(_CONTROL, regex=True)
    return pd.Series("", index=urls.index, dtype="str").mask((urls != "") & ~safe, Status.OUTSIDE_COLLECTION.name)
