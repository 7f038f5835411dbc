"""A lease on an object store, where there are no locks: an object that its owner renews by conditional writes."""

import os
import socket
import threading
import time
import uuid

from finercam_core.errors import StoreError
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.store.leases.timing import LeaseTiming, lost


class Lease:
    """The right to write, as an object below a store.

    No clocks are compared: a challenger remembers the lease's entity tag and watches, by its own monotonic clock,
    whether it changes. Every change is a conditional write (``If-None-Match: *`` to create, ``If-Match`` to renew or
    take over), so that only one of several challengers wins, and an owner that overslept its lease notices.

    Parameters
    ----------
    files : Files
        The store.
    name : str
        Name of the object.
    timing : LeaseTiming

    Attributes
    ----------
    token : str
        Names the owner.
    """

    def __init__(self, files: Files, name: str, timing: LeaseTiming | None = None) -> None:
        self._files, self._path = files, f"{files.root}/{name}"
        self._timing = timing or LeaseTiming()
        self.token = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        self._count = 0
        self._tag = ""
        self._lost = False
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> bool:
        """Take the lease if nobody has it or its owner is dead; False if its owner is alive."""
        with store_errors(self._files.location):
            taken = self._put({"IfNoneMatch": "*"}) or self._inherit()
        if taken:
            self._thread = threading.Thread(target=self._keep, name="finercam-lease", daemon=True)
            self._thread.start()
        return taken

    def check(self) -> None:
        """Raise `StoreError` if another run has taken the lease, or if it could not be renewed for a long time."""
        if self._lost:
            raise lost(self._files.location)

    def release(self) -> None:
        """Give the lease back."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
        if not self._lost:
            with store_errors(self._files.location):
                if self._current_tag() == self._tag:
                    self._files.fs.rm_file(self._path)

    def _inherit(self) -> bool:
        """Watch another owner's lease; take it over only if it does not change for the whole time."""
        before, deadline = self._current_tag(), time.monotonic() + self._timing.watch
        while before and time.monotonic() < deadline:
            time.sleep(self._timing.renew / 8)
            if (tag := self._current_tag()) != before:
                # Renewed: its owner is alive. Gone: it ended, and whoever creates the next one first owns it.
                return not tag and self._put({"IfNoneMatch": "*"})
        return self._put({"IfMatch": before} if before else {"IfNoneMatch": "*"})

    def _keep(self) -> None:
        """Renew until the end; a refused renewal means that another run owns the lease."""
        renewed = time.monotonic()
        while not self._end.wait(self._timing.renew):
            try:
                self._lost = not self._put({"IfMatch": self._tag})
                renewed = time.monotonic()
            except Exception:
                # Cut off for a moment: keep trying until a challenger could have given this owner up.
                self._lost = time.monotonic() - renewed > self._timing.watch / 2
            if self._lost:
                return

    def _put(self, condition: dict[str, str]) -> bool:
        """Write the lease under a condition; returns whether the condition held."""
        self._count += 1
        tag = put_if(self._files, self._path, f"{self.token} {self._count}\n", condition)
        self._tag = tag or self._tag
        return bool(tag)

    def _current_tag(self) -> str:
        """Current entity tag of the lease, "" if there is no lease."""
        return tag_of(self._files, self._path)


def refuse_unconditional(files: Files) -> None:
    """Raise `StoreError` for an object store whose conditional writes are not known: two runs could write at once."""
    names = files.fs.protocol
    if "s3" not in ((names,) if isinstance(names, str) else names):
        problem = f"{files.location} cannot be written by a run: conditional writes are known of s3:// alone"
        raise StoreError(problem, "write to a folder or to s3://, and copy the store; the copy can be reviewed")


def put_if(files: Files, path: str, content: str, condition: dict[str, str]) -> str:
    """Write an object under a condition, ``If-None-Match`` or ``If-Match``; its entity tag, "" if that did not hold.

    The content must be this writer's alone: where an answer was lost and the client asked again, the condition fails
    because of what the writer itself has written.
    """
    try:
        done = files.fs.pipe_file(path, content.encode(), **condition)
    except (FileExistsError, FileNotFoundError):
        return _own(files, path, content)
    except OSError as error:
        if "PreconditionFailed" in _codes(error) or "ConditionalRequestConflict" in _codes(error):
            return _own(files, path, content)
        raise
    return str(done["ETag"])


def _own(files: Files, path: str, content: str) -> str:
    """Entity tag of an object that has this content; "" if it has another or is gone."""
    tag = tag_of(files, path)
    try:
        return tag if tag and files.fs.cat_file(path) == content.encode() and tag_of(files, path) == tag else ""
    except FileNotFoundError:
        return ""


def tag_of(files: Files, path: str) -> str:
    """Current entity tag of an object, "" if there is none."""
    try:
        return str(files.fs.info(path, refresh=True)["ETag"])
    except FileNotFoundError:
        return ""


def _codes(error: OSError) -> str:
    """Text that contains the object store's own error code, however s3fs wrapped it."""
    response = getattr(error.__cause__, "response", None) or {}
    return f"{response.get('Error', {}).get('Code', '')} {error}"
