"""The writers that share a store: each has a record below it, which it renews while it lives.

No clocks are compared: whoever doubts a writer watches, by its own clock, whether the record still changes.
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from finercam_core.io.atomic import PARTIAL, write_whole
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.store.leases.disk import TIMING, host_name, is_gone
from finercam_core.store.leases.timing import LeaseTiming

FOLDER = ".writers"
_BUCKET = LeaseTiming()


@dataclass(frozen=True)
class MemberRecord:
    """A writer that shares a store.

    Attributes
    ----------
    token : str
        Names it.
    host : str
        Its machine.
    pid : int
    since : str
        ISO 8601, UTC.
    """

    token: str
    host: str
    pid: int
    since: str


class Member:
    """One of the writers of a store: this process.

    Parameters
    ----------
    files : Files
        The store.
    timing : LeaseTiming, optional
    """

    def __init__(self, files: Files, timing: LeaseTiming | None = None) -> None:
        self._files, self._timing = files, timing or timing_of(files)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        self.record = MemberRecord(uuid.uuid4().hex, host_name(), os.getpid(), since)
        self._count = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="finercam-member", daemon=True)

    @property
    def token(self) -> str:
        """Names this writer."""
        return self.record.token

    def join(self) -> None:
        """Become one of the writers, seen by the others until `leave`."""
        with store_errors(self._files.location):
            self._write()
        self._thread.start()

    def leave(self) -> None:
        """Be one no more."""
        self._end.set()
        self._thread.join()
        remove(self._files, [self.token])

    def _keep(self) -> None:
        while not self._end.wait(self._timing.renew):
            with suppress(OSError):  # cut off for a moment
                if self._files.local is not None and _path(self._files, self.token).exists():
                    os.utime(_path(self._files, self.token))
                else:
                    self._write()

    def _write(self) -> None:
        self._count += 1
        content = json.dumps({**asdict(self.record), "renewed": self._count})
        if self._files.local is not None:
            write_whole(_path(self._files, self.token), content, ending=PARTIAL)
        else:
            self._files.fs.pipe_file(_url(self._files, self.token), content.encode())


def timing_of(files: Files) -> LeaseTiming:
    """How often a record is renewed, and when one that is not counts as left."""
    return TIMING if files.local is not None else _BUCKET


def members(files: Files) -> list[MemberRecord]:
    """Everybody who has a record, dead ones too."""
    found = []
    names = [name for name in files.names(FOLDER) if name.endswith(".json")]
    for content in files.read_many(names):
        with suppress(ValueError, TypeError, KeyError):
            record = json.loads(content or b"")
            found.append(MemberRecord(*(record[key] for key in ("token", "host", "pid", "since"))))
    return sorted(found, key=lambda record: (record.since, record.token))


def dead_among(files: Files, tokens: Iterable[str], timing: LeaseTiming | None = None) -> set[str]:
    """Which of the writers are dead: their record is gone, or did not change while it was watched.

    Of processes of this machine that is known at once; others are watched for up to `timing.watch` seconds.
    """
    timing = timing or timing_of(files)
    known = {record.token: record for record in members(files)}
    wanted = set(tokens)
    dead = {token for token in wanted if token not in known or _gone(known[token])}
    before = {token: _stamp(files, token) for token in wanted - dead}
    deadline = time.monotonic() + timing.watch
    while before and time.monotonic() < deadline:
        time.sleep(timing.renew / 4)
        now = {token: _stamp(files, token) for token in before}
        dead |= {token for token, stamp in now.items() if not stamp}
        before = {token: stamp for token, stamp in before.items() if now[token] == stamp}
    return dead | set(before)


def remove(files: Files, tokens: Iterable[str]) -> None:
    """Remove the records of writers."""
    for token in tokens:
        with suppress(FileNotFoundError):
            files.remove(f"{FOLDER}/{token}.json")


def _gone(record: MemberRecord) -> bool:
    return is_gone({"host": record.host, "pid": record.pid})


def _stamp(files: Files, token: str) -> str:
    """What changes with every renewal; "" if there is no record."""
    try:
        if files.local is not None:
            return str(_path(files, token).stat().st_mtime_ns)
        return str(files.fs.info(_url(files, token), refresh=True)["ETag"])
    except FileNotFoundError:
        return ""


def _path(files: Files, token: str) -> Path:
    assert files.local is not None
    return files.local / FOLDER / f"{token}.json"


def _url(files: Files, token: str) -> str:
    return f"{files.root}/{FOLDER}/{token}.json"
