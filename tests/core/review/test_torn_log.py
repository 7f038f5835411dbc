"""A log whose last line was torn, by a full disk or a kill, goes on and loses nothing that was acknowledged."""

import os
import resource
from pathlib import Path

import pytest

from finercam_core.errors import ReviewError
from finercam_core.review import Comparison, ReviewLog, Verdict, VerdictReader
from finercam_core.review.log import read_verdicts

MADE = Comparison(0.6, "mean", "gradcam", ("Aus cus",))


def verdict(image_id: str) -> Verdict:
    return Verdict(image_id, "Aus bus", "A", "accept", MADE, (), "Ümläut, a note of some length")


def full_after(log: ReviewLog, limit: int) -> list[str]:
    """Append until the file may not grow beyond a limit; ids of the verdicts that were acknowledged."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    acknowledged: list[str] = []
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        while True:
            acknowledged.append(log.append(verdict(f"before-{len(acknowledged)}")).image_id)
    except ReviewError:
        return acknowledged
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("limit", [1000, 4096, 5001])
def test_what_is_acknowledged_after_a_full_disk_is_there(tmp_path: Path, limit: int) -> None:
    log, reader = ReviewLog(tmp_path, "A"), VerdictReader(tmp_path)
    before = full_after(log, limit)
    assert log.path.stat().st_size == limit
    kept = [one.image_id for one in reader.new()]
    assert kept[: len(before)] == before
    assert len(kept) - len(before) <= 1  # a last line that lacks only its end is a verdict
    after = [log.append(verdict(f"after-{number}")).image_id for number in range(3)]
    assert [one.image_id for one in read_verdicts(tmp_path)] == kept + after
    assert [one.image_id for one in reader.new()] == after
    assert reader.problems == []


def test_a_log_torn_at_any_byte_keeps_every_whole_verdict(tmp_path: Path) -> None:
    log = ReviewLog(tmp_path, "A")
    for number in range(3):
        log.append(verdict(str(number)))
    whole = log.path.read_bytes()
    ends = [position for position, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole) + 1):
        log.path.write_bytes(whole[:length])
        complete = [str(number) for number, end in enumerate(ends) if length >= end]
        reader = VerdictReader(tmp_path)
        assert [one.image_id for one in reader.new()] == complete, length
        log.append(verdict("after"))
        assert [one.image_id for one in read_verdicts(tmp_path)] == [*complete, "after"], length
        assert [one.image_id for one in reader.new()] == ["after"], length
        assert reader.problems == []


def test_zeros_that_a_power_cut_left_are_cut_off(tmp_path: Path) -> None:
    log = ReviewLog(tmp_path, "A")
    log.append(verdict("before"))
    with log.path.open("ab") as file:
        file.write(bytes(300))
    log.append(verdict("after"))
    assert [one.image_id for one in read_verdicts(tmp_path)] == ["before", "after"]


def test_the_file_and_the_folders_that_name_it_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    log = ReviewLog(tmp_path, "A")
    log.append(verdict("1"))
    assert synced == [str(log.path), str(log.path.parent), str(tmp_path)]
    log.append(verdict("2"))
    assert synced[3:] == [str(log.path)]
