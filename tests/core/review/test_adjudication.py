"""The last word where reviewers disagree: what it decides between, when it holds, and what exports take."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import encode
from finercam_core.review import (
    Adjudication,
    Comparison,
    LastVerdicts,
    Region,
    ReviewLog,
    Verdict,
    VerdictReader,
    adjudicate,
    agreement,
    disagreement,
    last_word,
    latest,
    read_verdicts,
)
from finercam_core.review.lab.adjudication import is_open, is_outdated

MADE = Comparison(0.6, "mean", "gradcam", ("Aus cus",))


def box(left: int) -> Region:
    mask = np.zeros((10, 40), bool)
    mask[:, left : left + 10] = True
    return Region(encode(mask))


def said(reviewer: str, decision: str = "accept", *regions: Region, revision: int = 0, time: str = "t") -> Verdict:
    return Verdict("one", "Aus bus", reviewer, decision, MADE, regions, revision=revision, time=time)  # type: ignore[arg-type]


def test_reviewers_disagree_about_decisions_and_about_regions() -> None:
    assert disagreement([said("A"), said("B", "reject")]) == "the decision"
    assert disagreement([said("A", "accept", box(0)), said("B", "accept", box(8))]) == "the region"
    assert disagreement([said("A", "accept", box(0)), said("B", "accept", box(2))]) == ""
    assert disagreement([said("A")]) == disagreement([said("A"), said("B", "")]) == ""
    larger = Region(encode(np.ones((20, 80), bool)))
    assert disagreement([said("A", "accept", box(0)), said("B", "accept", larger)]) == "the region"


def test_an_adjudication_names_what_it_decides_between_and_is_read_back(tmp_path: Path) -> None:
    both = [said("A"), said("B", "reject", revision=2)]
    made = adjudicate(said("C", "accept", box(3)), both)
    assert [(one.reviewer, one.decision, one.revision) for one in made.between] == [
        ("A", "accept", 0),
        ("B", "reject", 2),
    ]
    written = ReviewLog(tmp_path, "C").append(made)
    (found,) = read_verdicts(tmp_path)
    assert isinstance(found, Adjudication)
    assert found == written
    assert VerdictReader(tmp_path).new() == [found]


def test_only_a_third_person_decides_and_only_between_two() -> None:
    with pytest.raises(ReviewError, match="A reviewed one and cannot adjudicate it"):
        adjudicate(said("A"), [said("A"), said("B", "reject")])
    with pytest.raises(ReviewError, match="one has 1 verdict, so that nothing is to be decided"):
        adjudicate(said("C"), [said("A")])


def test_it_is_open_again_once_a_verdict_has_changed() -> None:
    both = [said("A"), said("B", "reject")]
    assert is_open(both)
    decided = adjudicate(said("C", "reject"), both)
    assert not is_open([*both, decided])
    changed = [said("A"), said("B", "unsure", revision=1), decided]
    assert is_outdated(decided, changed)
    assert is_open(changed)
    assert last_word(changed) == decided  # it goes on being the last word
    again = adjudicate(said("D", "accept"), changed)
    assert again.number == 2
    assert last_word([*changed, again]) == again


def test_exports_take_the_last_word_and_agreement_leaves_it_out(tmp_path: Path) -> None:
    logs = {name: ReviewLog(tmp_path, name) for name in "ABC"}
    logs["A"].append(said("A", "accept", box(0)))
    logs["B"].append(said("B", "reject"))
    logs["C"].append(adjudicate(said("C", "accept", box(5)), latest_of(tmp_path)))
    last = LastVerdicts(tmp_path)
    assert [verdict.reviewer for verdict in last.read("accept")] == ["C"]
    assert [verdict.reviewer for verdict in last.read("accept", "A")] == ["A"]
    assert last.accepted == {"one"}
    assert [pair.reviewers for pair in agreement(latest(read_verdicts(tmp_path)))] == [("A", "B")]
    logs["C"].append(adjudicate(said("C", "reject", revision=1), latest_of(tmp_path)))
    last = LastVerdicts(tmp_path)
    assert last.accepted == set()
    assert not list(last.read("accept"))
    assert [verdict.decision for verdict in last.read("reject")] == ["reject"]


def latest_of(place: Path) -> list[Verdict]:
    return list(latest(read_verdicts(place)).values())


Step = tuple[str, str]  # who, and what: a decision, "" to retract, "decide:…" to adjudicate


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", "D"]),
            st.sampled_from(["accept", "reject", "unsure", "", "decide:accept", "decide:reject"]),
        ),
        max_size=25,
    )
)
def test_whatever_is_said_retracted_and_decided_the_log_agrees_with_a_plain_model(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    place = tmp_path_factory.mktemp("log")
    logs = {name: ReviewLog(place, name) for name in "ABCD"}
    verdicts: dict[str, str] = {}  # by reviewer, as a person would keep them on paper
    decisions: dict[str, tuple[int, str]] = {}  # by adjudicator: number and decision
    revisions: dict[str, int] = {}
    count = 0
    for who, what in steps:
        revisions[who] = revisions.get(who, -1) + 1
        made = said(who, what.removeprefix("decide:"), box(0), revision=revisions[who])
        if what.startswith("decide:"):
            known = list(latest(read_verdicts(place)).values())
            others = {name for name in verdicts if name != who}
            if who in verdicts or len(others) < 2:
                with pytest.raises(ReviewError):
                    adjudicate(made, known)
                revisions[who] -= 1
                continue
            number = max((n for n, _ in decisions.values()), default=0) + 1
            made = adjudicate(made, known)
            assert made.number == number
            decisions[who] = number, made.decision
        else:
            verdicts.pop(who, None)
            decisions.pop(who, None)
            if what:
                verdicts[who] = what
        logs[who].append(made)
        count += 1
    last = LastVerdicts(place)
    word = max(decisions.values(), default=None)
    accepted = [word[1]] if word else list(verdicts.values())
    assert sum(1 for _ in last.read("accept")) == accepted.count("accept")
    assert last.accepted == ({"one"} if "accept" in accepted else set())
    assert {reviewer for _, reviewer in last.judged} == set(verdicts)
    found = [one for _, group in last.by_specimen() for one in group]
    assert {one.reviewer: one.decision for one in found if not isinstance(one, Adjudication)} == verdicts
    assert len(read_verdicts(place)) == count  # nothing is ever taken out of a log


def test_a_scale_bar_is_no_part_of_what_is_agreed_on() -> None:
    bar = Region(box(30).rle, "scale bar")
    both = [said("A", "accept", box(0), bar), said("B", "accept", box(0))]
    assert disagreement(both) == ""
    assert disagreement([said("A", "accept", bar), said("B", "accept", box(0))]) == ""
    (pair,) = agreement({("one", one.reviewer): one for one in both})
    assert pair.iou == 1
