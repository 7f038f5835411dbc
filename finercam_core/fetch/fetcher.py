"""One file from its address to its place: asked for, received, verified, placed; or the reason why not."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.settings import Settings
from finercam_core.fetch.source import Answer, Source
from finercam_core.fetch.target import place
from finercam_core.fetch.transport import filesystem
from finercam_core.fetch.transport.hosts import Hosts
from finercam_core.fetch.transport.http import Downloader
from finercam_core.fetch.transport.partial import Allowance, Partial
from finercam_core.fetch.transport.retry import retrying
from finercam_core.fetch.verify import Picture, verify

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
    settings : Settings
        Limits.
    hosts : Hosts
        Slots of each host.
    downloader : Downloader
        Client of http servers.
    stop : threading.Event
        Ends the run.
    received : callable
        Told the number of bytes that came.
    """

    folder: Path
    root: str
    settings: Settings
    hosts: Hosts
    downloader: Downloader
    stop: threading.Event
    received: Callable[[int], None]

    def fetch(self, source: Source, key: str, host: str) -> dict[str, Any]:
        """Fetch a file.

        Parameters
        ----------
        source : Source
            What to fetch.
        key : str
            Names the file among all files of the run.
        host : str
            Its lane.

        Returns
        -------
        dict
            The result for the journal, without the columns of the key.

        Raises
        ------
        Stopped
            The run ends; what came stays and is gone on with in the next run.
        OSError
            The disk failed.
        """
        partial = Partial(self.folder / PARTIAL / f"{hashlib.sha256(key.encode()).hexdigest()}.part")
        policy = retrying(self.settings, self.stop)
        deadline = time.monotonic() + self.settings.total_timeout
        try:
            answer, picture = policy(self._attempt, source, partial, host, deadline)
            path = place(partial.path, picture, source.what, self.folder)
        except FetchFailure as failure:
            if failure.reason is not Reason.HOST_GIVEN_UP:
                self.hosts.heard(host, answered=not failure.reason.silent)
            entry = self._failed(failure, partial)
        else:
            self.hosts.heard(host, answered=True)
            entry = {
                "path": path, "sha256": picture.sha256, "bytes": picture.bytes, "format": picture.format,
                "width": picture.width, "height": picture.height,
                "address": answer.address, "etag": answer.etag, "modified": answer.modified,
            }  # fmt: skip
        partial.discard()
        attempts = int(policy.statistics.get("attempt_number", 0))
        return {**entry, "attempts": attempts, "time": datetime.now(UTC).isoformat(timespec="seconds")}

    def _attempt(self, source: Source, partial: Partial, host: str, deadline: float) -> tuple[Answer, Picture]:
        if self.hosts.given_up(host):
            raise FetchFailure(Reason.HOST_GIVEN_UP, host, retry=False)
        limit = self.settings.max_bytes if source.size is None else min(source.size, self.settings.max_bytes)
        allowance = Allowance(limit, deadline, self.stop, self.received)
        if source.address.lower().startswith(("http://", "https://")):
            answer = self.downloader.get(source, partial, allowance)
        else:
            answer = filesystem.copy(source, self.root, partial, allowance)
        try:
            return answer, verify(partial.path, source, self.settings.limits)
        except FetchFailure as failure:
            if answer.resumed:
                # The pieces may not belong together: once more from the start before the file counts as bad.
                partial.discard()
                raise FetchFailure(failure.reason, failure.detail, retry=True) from failure
            raise

    def _failed(self, failure: FetchFailure, partial: Partial) -> dict[str, Any]:
        entry: dict[str, Any] = {"path": "", "reason": failure.reason.value, "detail": failure.detail[:500]}
        entry["bytes"] = partial.size
        if self.settings.keep_bad and partial.size and not failure.reason.passing:
            entry["kept"] = f"{QUARANTINE}/{partial.path.stem}.bin"
            target = self.folder / entry["kept"]
            target.parent.mkdir(exist_ok=True)
            partial.path.replace(target)
        return entry
