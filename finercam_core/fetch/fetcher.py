"""One file from its address to its place: requested, received, verified, moved there; or the reason why not."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from finercam_core.fetch.folder import move_into_place
from finercam_core.fetch.picture import Picture, verify_picture
from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.records import Answer, FileKey, FileResult, RemoteFile
from finercam_core.fetch.settings import FetchSettings
from finercam_core.fetch.transport import filesystem
from finercam_core.fetch.transport.hosts import Hosts
from finercam_core.fetch.transport.http import Downloader
from finercam_core.fetch.transport.partial import Allowance, Partial
from finercam_core.fetch.transport.retry import retrying
from finercam_core.io.addresses import is_url
from finercam_core.redaction import without_secrets

PARTIAL, QUARANTINE = "partial", "quarantine"


@dataclass(frozen=True)
class Fetcher:
    """Fetches single files into a folder; may be used from many threads.

    Parameters
    ----------
    folder : Path
        Target folder.
    root : str
        The collection's folder or URL.
    settings : FetchSettings
        Limits.
    hosts : Hosts
        Slots of each host.
    downloader : Downloader
        Client of http servers.
    stop : threading.Event
        Set to end the run.
    received : callable
        Called with the number of bytes whenever some came.
    """

    folder: Path
    root: str
    settings: FetchSettings
    hosts: Hosts
    downloader: Downloader
    stop: threading.Event
    received: Callable[[int], None]

    def fetch(self, key: FileKey, file: RemoteFile, host: str) -> FileResult:
        """Fetch a file.

        Parameters
        ----------
        key : FileKey
        file : RemoteFile
        host : str
            The host in whose turn it is fetched.

        Returns
        -------
        FileResult, for the journal.

        Raises
        ------
        Stopped
            The run ends; the bytes that came are kept, and the next run continues from there.
        OSError
            The disk failed.
        """
        partial = Partial(self.folder / PARTIAL / f"{hashlib.sha256(str(key).encode()).hexdigest()}.part")
        policy = retrying(self.settings, self.stop)
        deadline = time.monotonic() + self.settings.total_timeout
        try:
            answer, picture = policy(self._attempt, file, partial, host, deadline)
            path = move_into_place(partial.path, picture, key.what, self.folder)
        except FetchFailure as failure:
            if failure.reason is not Reason.HOST_GIVEN_UP:
                self.hosts.heard(host, answered=not failure.reason.silent)
            result = self._failed(failure, partial)
        else:
            self.hosts.heard(host, answered=True)
            result = FileResult(
                path, sha256=picture.sha256, bytes=picture.bytes, format=picture.format,
                width=picture.width, height=picture.height,
                address=without_secrets(answer.address), etag=answer.etag, modified=answer.modified,
            )  # fmt: skip
        partial.discard()
        attempts = int(policy.statistics.get("attempt_number", 0))
        return replace(result, attempts=attempts, time=datetime.now(UTC).isoformat(timespec="seconds"))

    def _attempt(self, file: RemoteFile, partial: Partial, host: str, deadline: float) -> tuple[Answer, Picture]:
        if self.hosts.given_up(host):
            raise FetchFailure(Reason.HOST_GIVEN_UP, host, retry=False)
        limit = self.settings.max_bytes if file.size is None else min(file.size, self.settings.max_bytes)
        allowance = Allowance(limit, deadline, self.stop, self.received)
        if file.address.lower().startswith(("http://", "https://")):
            answer = self.downloader.get(file, partial, allowance)
        else:
            if is_url(file.address):
                self.downloader.guard.check_host(file.address)
            answer = filesystem.copy(file, self.root, partial, allowance)
        try:
            return answer, verify_picture(partial.path, file, self.settings.limits)
        except FetchFailure as failure:
            if answer.resumed:
                # The pieces may not belong together: once more from the start before the file counts as bad.
                partial.discard()
                raise FetchFailure(failure.reason, failure.detail, retry=True) from failure
            raise

    def _failed(self, failure: FetchFailure, partial: Partial) -> FileResult:
        size, kept = partial.size, None
        if self.settings.keep_bad and size and not failure.reason.passing:
            kept = f"{QUARANTINE}/{partial.path.stem}.bin"
            target = self.folder / kept
            target.parent.mkdir(exist_ok=True)
            partial.path.replace(target)
        return FileResult("", failure.reason.value, failure.detail[:500], bytes=size, kept=kept)
