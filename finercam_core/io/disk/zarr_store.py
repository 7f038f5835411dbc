"""Zarr's files on a local disk, written so that a power cut costs what its writer expects and no more."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import zarr
from zarr.abc.store import Store
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.core.common import concurrent_map
from zarr.core.sync import sync as sync_await
from zarr.storage import LocalStore

from finercam_core.io.atomic import PARTIAL
from finercam_core.io.disk import steps


class SyncedStore(LocalStore):
    """A `zarr.storage.LocalStore` whose writes are on the disk after `sync`.

    Parameters
    ----------
    root : str or Path
    read_only : bool
    together : bool
        For thousands of new files: they are synced together, and the first error of the disk is raised by `sync`. Zarr
        writes them in many tasks at once, whose errors would each be reported by asyncio.
    """

    def __init__(self, root: str | Path, *, read_only: bool = False, together: bool = False) -> None:
        super().__init__(root, read_only=read_only)
        self.together = together
        self._new: set[Path] = set()
        self._folders: set[Path] = set()
        self._unsynced = False
        self._error: OSError | None = None

    def with_read_only(self, read_only: bool = False) -> "SyncedStore":
        """See `LocalStore.with_read_only`."""
        return SyncedStore(self.root, read_only=read_only, together=self.together)

    async def set(self, key: str, value: Buffer) -> None:
        """See `LocalStore.set`."""
        if not self._is_open:
            await self._open()
        await asyncio.to_thread(self.set_sync, key, value)

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """See `LocalStore.set_if_not_exists`; a store has one writer."""
        if not (self.root / key).exists():
            await self.set(key, value)

    def set_sync(self, key: str, value: Buffer) -> None:
        """See `LocalStore.set_sync`."""
        self._check_writable()
        if not self.together:
            self._put(self.root / key, value.to_bytes())
        elif self._error is None:
            try:
                self._put(self.root / key, value.to_bytes())
            except OSError as error:
                self._error = error

    def _put(self, path: Path, content: bytes) -> None:
        made = steps.make_folder(path.parent)
        partial = path.with_name(f"{path.name}{PARTIAL}")
        try:
            steps.write_file(partial, content)
            if new := self.together and not path.exists():
                self._unsynced = True
            else:
                steps.sync_file(partial)
            steps.rename(partial, path)
        except BaseException:
            steps.remove(partial)
            raise
        # With millions of new files their names would fill the memory; one call syncs them all.
        if not steps.ONE_CALL or not new:
            self._folders.update((*made, path.parent))
            self._new.update((path,) if new else ())

    def sync(self) -> None:
        """Put everything that was written on the disk, the names of files and folders included."""
        self.say_error()
        if self._unsynced:
            steps.sync_everything(self._new, self._folders)
        else:
            for folder in sorted(self._folders, reverse=True):
                steps.sync_folder(folder)
        self._unsynced = False
        self._new.clear()
        self._folders.clear()

    def say_error(self) -> None:
        """Raise the first error of the disk that was kept back."""
        if self._error is not None:
            raise self._error


def put(store: Store, folders: Sequence[str], files: Mapping[str, bytes], groups: Mapping[str, bytes]) -> None:
    """Write the files of many new groups.

    Parameters
    ----------
    store : Store
    folders : sequence of str
        Paths of the groups; what a writer that was killed left there is deleted before.
    files : mapping of str to bytes
    groups : mapping of str to bytes
        Descriptions of groups, written after all the other files, where there is none.
    """
    if not isinstance(store, SyncedStore):
        sync_await(_put_remote(store, folders, files, groups))
        return
    for folder in folders:
        if (store.root / folder).exists():
            shutil.rmtree(store.root / folder)
    new = {key: content for key, content in groups.items() if not (store.root / key).exists()}
    for key, content in (*files.items(), *new.items()):
        store.set_sync(key, _buffer(content))


async def _put_remote(
    store: Store, folders: Sequence[str], files: Mapping[str, bytes], groups: Mapping[str, bytes]
) -> None:
    most = zarr.config.get("async.concurrency")
    await concurrent_map([(folder,) for folder in folders], store.delete_dir, most)
    for contents, write in ((files, store.set), (groups, store.set_if_not_exists)):
        await concurrent_map([(key, _buffer(content)) for key, content in contents.items()], write, most)


def _buffer(content: bytes) -> Buffer:
    return default_buffer_prototype().buffer.from_bytes(content)


@contextmanager
def synced(group: zarr.Group) -> Iterator[None]:
    """Put everything on the disk that is written within; what else goes wrong on a full disk is not told."""
    try:
        yield
    except Exception:
        if isinstance(group.store, SyncedStore):
            group.store.say_error()
        raise
    sync(group)


def sync(group: zarr.Group) -> None:
    """Put everything on the disk that was written through a group; on an object store it is there already."""
    store: Store = group.store
    if isinstance(store, SyncedStore):
        store.sync()
