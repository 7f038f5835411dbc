"""A store with several writers: who they are, which shards are whose, and what is left when one of them dies.

Planning is done by one writer at a time, under the lock of a single writer; each then computes shards that it claims.
While others are alive, the plan is not changed, so that a shard is the same specimens for all of them.
"""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from finercam_core.errors import StoreError
from finercam_core.io.files import Files
from finercam_core.store.leases.claims import Claims, claimed, remove_claims
from finercam_core.store.leases.members import Member, MemberRecord, dead_among, members, remove
from finercam_core.store.runs import base_of

CLAIM_ROWS = 256
"""Rows of the plan that are claimed together, the same for all writers whatever their options."""


@dataclass(frozen=True)
class Writer:
    """One of the writers that share a store, for people.

    Attributes
    ----------
    host : str
    pid : int
    since : str
        ISO 8601, UTC.
    shards : int
        How many it has claimed.
    """

    host: str
    pid: int
    since: str
    shards: int


@contextmanager
def joined(location: str | Path) -> Iterator[Member]:
    """Be one of the writers of a store, and give back what was claimed at the end."""
    files = Files(base_of(str(location)))
    member = Member(files)
    member.join()
    try:
        yield member
    finally:
        remove_claims(files, [member.token])
        member.leave()


@contextmanager
def claim(location: str | Path, shard: str, token: str, dead: Collection[str] = ()) -> Iterator[bool]:
    """Have a shard while the context lasts; False, where another writer has it."""
    claims = Claims(Files(base_of(str(location))), token)
    taken = claims.take(shard, dead)
    try:
        yield taken
    finally:
        if taken:
            claims.release(shard)


def shard_name(location: str, number: int) -> str:
    """Name of the shard with this number, in the order of the plan of a store, or of a run beside it."""
    store = hashlib.sha256(location.rstrip("/").rpartition("/")[2].encode()).hexdigest()[:8]
    return f"{store}-{number}"


def others(location: str | Path, token: str = "") -> list[MemberRecord]:
    """Writers that are alive, without the one with this token; dead ones are cleared away with their claims."""
    files = Files(base_of(str(location)))
    known = [record for record in members(files) if record.token != token]
    if not known:
        return []
    dead = dead_among(files, [record.token for record in known])
    remove_claims(files, dead)
    remove(files, dead)
    return [record for record in known if record.token not in dead]


def dead_owners(location: str | Path, token: str) -> set[str]:
    """Writers that have claims and are dead; it takes a while to be sure of those of other machines."""
    files = Files(base_of(str(location)))
    return dead_among(files, set(claimed(files).values()) - {token})


def refuse_shared(location: str | Path, token: str = "") -> None:
    """Raise `StoreError` if other writers share the store now."""
    if alive := others(location, token):
        first = alive[0]
        raise StoreError(
            f"{len(alive)} other writers share {location}, such as process {first.pid} of {first.host.split()[0]}"
            if len(alive) > 1
            else f"process {first.pid} of {first.host.split()[0]} shares {location}",
            "wait for it to end, or write with --share and the same catalog",
        )


def writers(location: str | Path) -> list[Writer]:
    """Everybody who shares a store, with the number of shards; some may be dead, nobody is watched for it."""
    files = Files(base_of(str(location)))
    known = members(files)
    owners = list(claimed(files).values()) if known else []
    return [Writer(one.host.split()[0], one.pid, one.since, owners.count(one.token)) for one in known]
