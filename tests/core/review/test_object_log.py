"""Verdicts in an object store: each is an object of its own, kept before the reviewer goes on, whatever gets lost."""

from pathlib import Path

import fsspec
import pytest
from failing_s3 import Faults

from finercam_core.errors import ReviewError
from finercam_core.review import Comparison, Draft, Drafts, ReviewLog, Verdict, VerdictReader, latest
from finercam_core.review.last_verdicts import LastVerdicts
from finercam_core.review.log import read_verdicts
from finercam_core.review.specimen_history import verdicts_of

MADE = Comparison(0.6, "mean", "gradcam", ("Aus cus",))


def verdict(reviewer: str, decision: str = "accept", image_id: str = "one", revision: int = 0) -> Verdict:
    return Verdict(image_id, "Aus bus", reviewer, decision, MADE, note="ä note", revision=revision)  # type: ignore[arg-type]


@pytest.fixture(params=["s3", "memory"])
def place(request: pytest.FixtureRequest) -> str:
    """A store's place in a bucket, and in another object store that fsspec knows, as gs:// and az:// are."""
    if request.param == "s3":
        return f"{request.getfixturevalue('bucket')}/maps.zarr"
    fsspec.filesystem("memory").store.clear()
    return "memory://bucket/maps.zarr"


def test_a_reader_sees_each_verdict_once_and_in_the_order_of_their_times(place: str) -> None:
    reader, one, two = VerdictReader(place), ReviewLog(place, "A. Ümläut/…"), ReviewLog(place, "B")
    assert reader.new() == []
    first = one.append(verdict("A. Ümläut/…"))
    assert reader.new() == [first]
    second, third = two.append(verdict("B", "reject")), one.append(verdict("A. Ümläut/…", "unsure", "two"))
    assert reader.new() == [second, third]
    assert reader.new() == []
    assert read_verdicts(place) == [first, second, third]
    assert verdicts_of(place, "one") == [first, second]


def test_the_last_verdicts_are_those_of_the_same_logs_on_a_disk(place: str, tmp_path: Path) -> None:
    logs = {name: ReviewLog(place, name) for name in ("Ada", "Bo")}
    for name, decision, image_id, revision in [
        ("Ada", "accept", "one", 0),
        ("Bo", "reject", "one", 0),
        ("Ada", "reject", "one", 1),
        ("Bo", "accept", "two", 0),
    ]:
        logs[name].append(verdict(name, decision, image_id, revision))
    fs, root = fsspec.url_to_fs(place)
    fs.get(f"{root}/reviews", str(tmp_path / "maps.zarr" / "reviews"), recursive=True)
    remote, local = LastVerdicts(place), LastVerdicts(tmp_path / "maps.zarr")
    for decision in ("accept", "reject"):
        assert list(remote.read(decision)) == list(local.read(decision))  # type: ignore[arg-type]
    assert [(v.reviewer, v.image_id) for v in remote.read("accept")] == [("Bo", "two")]
    assert remote.reviewers == ["Ada", "Bo"]
    assert latest(read_verdicts(place)) == latest(read_verdicts(tmp_path / "maps.zarr"))


def test_a_draft_is_the_last_that_was_saved(place: str) -> None:
    drafts = Drafts(place, "Ada")
    assert drafts.obstacle == ""
    assert drafts.read_all() == []
    drafts.save(Draft("one", (), "first"))
    drafts.save(Draft("one", (), "second"))
    assert drafts.load("one") == Draft("one", (), "second")
    drafts.discard("one")
    assert drafts.load("one") is None
    assert VerdictReader(place).new() == []


def test_of_lost_answers_no_verdict_is_lost_and_none_is_there_twice(failing: str, faults: Faults) -> None:
    faults.before, faults.after, faults.slow = 0, 0.3, 0
    log = ReviewLog(f"{failing}/maps.zarr", "A")
    given = [log.append(verdict("A", image_id=str(number), revision=number)) for number in range(12)]
    assert faults.counts["after"]
    assert read_verdicts(f"{failing}/maps.zarr") == given


def test_a_store_that_is_away_is_one_sentence_and_the_next_try_keeps_the_verdict(failing: str, faults: Faults) -> None:
    faults.before, faults.after, faults.slow = 1, 0, 0
    log = ReviewLog(f"{failing}/maps.zarr", "A")
    with pytest.raises(
        ReviewError, match=r"^the verdict is not kept: s3://.*bring the store back, then give it again$"
    ):
        log.append(verdict("A"))
    assert Drafts(f"{failing}/maps.zarr", "A").obstacle
    faults.before = 0
    kept = log.append(verdict("A"))
    assert read_verdicts(f"{failing}/maps.zarr") == [kept]
