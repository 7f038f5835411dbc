"""The review log: what a reviewer said is on the disk, whatever happens next, and nobody overwrites anybody."""

import json
from pathlib import Path

import numpy as np
import pytest

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Draft, Drafts, Region, ReviewLog, Verdict, VerdictReader, latest
from finercam_core.review.log import read_verdicts

MADE = Comparison(0.6, "mean", "gradcam", ("Aus cus",))
REGION = Region(encode(np.eye(5, dtype=bool)), "Eye", "UBERON:0000019", "painted", {"top": 0.05}, 1.5)


def verdict(reviewer: str, decision: str = "accept", image_id: str = "one") -> Verdict:
    return Verdict(image_id, "Aus bus", reviewer, decision, MADE, (REGION,), "a note")  # type: ignore[arg-type]


def test_what_is_appended_is_read_back_whole(tmp_path: Path) -> None:
    written = ReviewLog(tmp_path, "A. Ümläut/…").append(verdict("A. Ümläut/…"))
    assert read_verdicts(tmp_path) == [written]
    assert written.time


def test_a_reader_goes_on_where_it_was(tmp_path: Path) -> None:
    reader, one, two = VerdictReader(tmp_path), ReviewLog(tmp_path, "A"), ReviewLog(tmp_path, "B")
    assert reader.new() == []
    first = one.append(verdict("A"))
    assert reader.new() == [first]
    assert reader.new() == []
    second, third = two.append(verdict("B", "reject")), one.append(verdict("A", "unsure", "two"))
    assert reader.new() == [second, third]


def test_half_a_line_waits_until_it_is_whole(tmp_path: Path) -> None:
    log, reader = ReviewLog(tmp_path, "A"), VerdictReader(tmp_path)
    log.append(verdict("A"))
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + whole[:40])
    assert len(reader.new()) == 1
    log.path.write_bytes(whole + whole)
    assert len(reader.new()) == 1
    assert reader.problems == []


def test_a_damaged_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    log, reader = ReviewLog(tmp_path, "A"), VerdictReader(tmp_path)
    log.append(verdict("A"))
    log.path.write_bytes(b"{oops\n" + log.path.read_bytes())
    assert len(reader.new()) == 1
    assert "line 1 of reviews/" in reader.problems[0]
    with pytest.raises(ReviewError, match="line 1"):
        read_verdicts(tmp_path)


def test_fields_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    log = ReviewLog(tmp_path, "A")
    log.append(verdict("A"))
    values = json.loads(log.path.read_text())
    values["mood"], values["regions"][0]["colour"] = "good", "red"
    log.path.write_text(json.dumps(values) + "\n")
    (found,) = read_verdicts(tmp_path)
    assert found.regions == (REGION,)


def test_an_earlier_log_without_the_new_fields_is_read(tmp_path: Path) -> None:
    log = ReviewLog(tmp_path, "A")
    log.append(verdict("A"))
    values = json.loads(log.path.read_text())
    del values["regions"][0]["smoothing"]
    log.path.write_text(json.dumps(values) + "\n")
    assert read_verdicts(tmp_path)[0].regions[0].smoothing == 0


def test_the_last_one_counts_and_taking_it_back_leaves_none(tmp_path: Path) -> None:
    log = ReviewLog(tmp_path, "A")
    log.append(verdict("A"))
    log.append(verdict("A", "reject"))
    assert latest(read_verdicts(tmp_path))["one", "A"].decision == "reject"
    log.append(verdict("A", ""))
    assert latest(read_verdicts(tmp_path)) == {}
    assert len(read_verdicts(tmp_path)) == 3


def test_drafts_are_kept_one_a_specimen_and_reviewer(tmp_path: Path) -> None:
    mine, hers = Drafts(tmp_path, "A B"), Drafts(tmp_path, "A_B")
    assert mine.load("x/1") is None
    mine.save(Draft("x/1", (REGION,), "half done"))
    hers.save(Draft("x/1", ()))
    assert mine.load("x/1") == Draft("x/1", (REGION,), "half done")
    assert hers.load("x/1") == Draft("x/1", ())
    assert mine.load("x_1") is None
    mine.discard("x/1")
    mine.discard("x/1")
    assert mine.load("x/1") is None
    assert read_verdicts(tmp_path) == []


def test_a_damaged_draft_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    drafts = Drafts(tmp_path, "A")
    drafts.save(Draft("one", ()))
    (path,) = (tmp_path / "reviews").rglob("*.json")
    path.write_text("{")
    with pytest.raises(ReviewError, match="cannot be read"):
        drafts.load("one")
    drafts.save(Draft("two", ()))
    assert drafts.read_all() == [Draft("two", ())]
    assert path.name in caplog.text
