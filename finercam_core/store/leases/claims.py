"""Which writer has which shard of a store that several share: a file for each, made by one writer alone.

On a disk a claim is made by a hard link, which fails where there is one, and taken from a dead writer under a lock of
the operating system; on an object store both are conditional writes.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock

from finercam_core.io.atomic import PARTIAL
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.store.leases.bucket import put_if, tag_of
from finercam_core.store.leases.timing import lost

FOLDER = ".claims"
_LOCK = "lock"


class Claims:
    """The shards of a store that a writer has.

    Parameters
    ----------
    files : Files
        The store.
    token : str
        The writer's.
    """

    def __init__(self, files: Files, token: str) -> None:
        self._files, self._token = files, token

    def take(self, shard: str, dead: Collection[str] = ()) -> bool:
        """Claim a shard that nobody has, or whose owner is one of the dead; False if another writer has it."""
        with store_errors(self._files.location):
            if self._files.local is not None:
                return self._link(shard) or self._inherit(shard, dead)
            return self._put(shard, dead)

    def check(self, shard: str) -> None:
        """Raise `StoreError` if the shard is another writer's by now: this one was taken for dead."""
        if owner_of(self._files, shard) != self._token:
            raise lost(f"{self._files.location}, shard {shard},")

    def release(self, shard: str) -> None:
        """Give a shard back, unless another writer took it."""
        with self._locked():
            if owner_of(self._files, shard) == self._token:
                self._files.remove(f"{FOLDER}/{shard}")

    def _link(self, shard: str) -> bool:
        """Make the claim with its content at once: who reads it never sees half of it."""
        folder = self._files.local
        assert folder is not None
        target, partial = folder / FOLDER / shard, folder / FOLDER / f"{shard}.{self._token}{PARTIAL}"
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(self._token, encoding="ascii")
        try:
            os.link(partial, target)
        except FileExistsError:
            return False
        finally:
            partial.unlink()
        return True

    def _inherit(self, shard: str, dead: Collection[str]) -> bool:
        if not dead:
            return False
        with self._locked():
            owner = owner_of(self._files, shard)
            if owner and owner not in dead:
                return False
            self._files.write(f"{FOLDER}/{shard}", self._token.encode())
            return True

    def _put(self, shard: str, dead: Collection[str]) -> bool:
        path = f"{self._files.root}/{FOLDER}/{shard}"
        if put_if(self._files, path, self._token, {"IfNoneMatch": "*"}):
            return True
        tag = tag_of(self._files, path) if dead else ""
        if not tag or owner_of(self._files, shard) not in dead:
            return False
        return bool(put_if(self._files, path, self._token, {"IfMatch": tag}))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._files.local is None:
            yield
            return
        folder = self._files.local / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK):
            yield


def owner_of(files: Files, shard: str) -> str:
    """Token of the writer that has a shard; "" if nobody has."""
    with suppress(FileNotFoundError):
        return files.read(f"{FOLDER}/{shard}").decode("ascii")
    return ""


def claimed(files: Files) -> dict[str, str]:
    """By shard: the token of the writer that has it."""
    names = [name for name in files.names(FOLDER) if not name.endswith(PARTIAL) and not name.endswith(f"/{_LOCK}")]
    found = zip(names, files.read_many(names), strict=True)
    return {name.removeprefix(f"{FOLDER}/"): content.decode("ascii") for name, content in found if content}


def remove_claims(files: Files, tokens: Collection[str]) -> None:
    """Remove the claims of writers, dead ones or this one."""
    for shard, token in claimed(files).items():
        if token in tokens:
            files.remove(f"{FOLDER}/{shard}")
