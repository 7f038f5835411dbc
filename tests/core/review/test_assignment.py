"""Queues of a lab: every specimen is dealt as often as asked, evenly, reproducibly, and nothing is taken away."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finercam_core.errors import ReviewError
from finercam_core.review import Comparison, ReviewLog, Verdict, assign, read_assignment, read_verdicts
from finercam_core.review.lab.dealing import deal, drawn, shared, strata_of
from finercam_core.store import Store, open_store

COUNTS = {"Aus bus": 12, "Aus cus": 9, "Dus eus": 4}
LAB = ("Ada", "Bo", "Cy")


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=5), st.sampled_from("XYZ"), min_size=1, max_size=60),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 9),
)
def test_each_is_dealt_to_so_many_and_evenly(strata: dict[str, str], people: int, overlap: int, seed: int) -> None:
    names, overlap = [f"R{i}" for i in range(people)], min(people, overlap)
    queues = deal(strata, names, overlap=overlap, seed=seed)
    assert queues == deal(strata, names, overlap=overlap, seed=seed)
    times = Counter(image_id for ids in queues.values() for image_id in ids)
    assert times == dict.fromkeys(strata, overlap)
    for stratum in set(strata.values()):
        loads = [sum(strata[image_id] == stratum for image_id in ids) for ids in queues.values()]
        assert max(loads) - min(loads) <= 1


@pytest.mark.parametrize("people", [3, 4, 5])
def test_every_two_reviewers_share_equally_many(people: int) -> None:
    names = [f"R{i}" for i in range(people)]
    strata = {f"s{i:03}": "AB"[i % 2] for i in range(60 * people)}
    both = shared(deal(strata, names, overlap=2, seed=1))
    assert set(both) == set(combinations(names, 2))
    assert max(both.values()) - min(both.values()) <= max(2, sum(both.values()) // len(both) // 10)


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=4), st.sampled_from("XY"), min_size=2, max_size=40),
    st.integers(0, 5),
)
def test_what_was_dealt_stays_when_specimens_and_reviewers_come(strata: dict[str, str], seed: int) -> None:
    first = dict(list(strata.items())[: len(strata) // 2])
    before = deal(first, LAB, overlap=2, seed=seed)
    kept: dict[str, list[str]] = {}
    for name, ids in before.items():
        for image_id in ids:
            kept.setdefault(image_id, []).append(name)
    after = deal(strata, [*LAB, "Dee"], overlap=2, seed=seed, kept=kept)
    assert all(set(before[name]) <= set(after[name]) for name in LAB)
    times = Counter(image_id for ids in after.values() for image_id in ids)
    assert times == dict.fromkeys(strata, 2)


def test_drawn_specimens_are_shares_of_the_strata() -> None:
    strata = {f"a{i}": "A" for i in range(60)} | {f"b{i}": "B" for i in range(30)} | {f"c{i}": "C" for i in range(10)}
    few = drawn(strata, 20, 3)
    assert Counter(strata[image_id] for image_id in few) == {"A": 12, "B": 6, "C": 2}
    assert few == drawn(strata, 20, 3) != drawn(strata, 20, 4)


def test_a_pair_is_one_stratum_from_both_sides(planned: Callable[..., Store]) -> None:
    store = planned(COUNTS)
    strata = strata_of(store, "pair", list(map(str, store.rows.index)))
    closest = {name: store.classes(name)[1] for name in store.species}
    assert strata["Aus_bus-000"] == " / ".join(sorted(["Aus bus", closest["Aus bus"]]))
    assert set(strata_of(store, "species", ["Dus_eus-000"]).values()) == {"Dus eus"}


def test_an_assignment_is_kept_in_the_store_and_the_same_settings_give_it_again(planned: Callable[..., Store]) -> None:
    store = planned(COUNTS)
    made = assign(store, ["Ada", " Bo ", "Cy"], adjudicators=["Dee"], seed=7)
    found = read_assignment(store.location)
    assert found == made
    assert (found.reviewers, found.number, found.may_adjudicate("Dee"), found.queue_of("Eve")) == (LAB, 1, True, ())
    (path,) = (Path(store.location) / "reviews" / "assignments").iterdir()
    path.unlink()
    assert assign(open_store(store.location), LAB, adjudicators=["Dee"], seed=7).queues == made.queues
    assert read_verdicts(store.location) == []  # it is no log of verdicts


def test_assigning_again_takes_nothing_and_keeps_the_earlier_file(planned: Callable[..., Store]) -> None:
    store = planned(COUNTS)
    first = assign(store, LAB, specimens=10)
    assert first.queues is not None
    assert len({i for ids in first.queues.values() for i in ids}) == 10
    judged = Verdict("Dus_eus-003", "Dus eus", "Dee", "reject", Comparison(0.6, "mean", "gradcam", ()))
    ReviewLog(store.location, "Dee").append(judged)
    second = assign(store, (*LAB, "Dee"), specimens=20)
    assert second.queues is not None
    assert second.number == 2
    assert all(set(ids) <= set(second.queues[name]) for name, ids in first.queues.items())
    assert len({i for ids in second.queues.values() for i in ids}) == 20
    whole = assign(store, (*LAB, "Dee"))
    assert "Dus_eus-003" in whole.queue_of("Dee")
    assert len(list((Path(store.location) / "reviews" / "assignments").iterdir())) == 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"reviewers": ["Ada", "Ada"]}, "Ada is named twice"),
        ({"reviewers": ["Ada", " "]}, "has no name"),
        ({"reviewers": ["Ada"]}, "2 reviewers of each specimen, of 1"),
        ({"reviewers": LAB, "adjudicators": ["Bo"]}, "Bo is reviewer and adjudicator"),
        ({"reviewers": []}, "no reviewers are named"),
    ],
)
def test_names_that_make_no_sense_are_refused(
    planned: Callable[..., Store], settings: dict[str, list[str]], said: str
) -> None:
    store = planned({"Aus bus": 2})
    with pytest.raises(ReviewError, match=said):
        assign(store, **settings)  # type: ignore[arg-type]
    assert read_assignment(store.location) is None


def test_a_changed_assignment_is_refused(planned: Callable[..., Store]) -> None:
    store = planned({"Aus bus": 4})
    assign(store, LAB)
    (path,) = (Path(store.location) / "reviews" / "assignments").iterdir()
    values = json.loads(path.read_text())
    values["queues"]["Ada"] = []
    path.write_text(json.dumps(values))
    with pytest.raises(ReviewError, match=r"0001.json .* is damaged: its values do not match"):
        read_assignment(store.location)
