"""A lab without a window: one's own queue, blind until one's own verdict, and disagreements to decide."""

from pathlib import Path

import numpy as np
import pytest
from napari_finercam.session.lab.deciding import take_regions_of, to_decide
from napari_finercam.session.queue import Selection
from napari_finercam.session.review import ReviewSession

from finercam_core.errors import ReviewError
from finercam_core.review import Adjudication, assign, last_word, read_assignment, read_verdicts
from finercam_core.store import open_store


@pytest.fixture
def lab(small_store: Path) -> Path:
    """The store, dealt to three with one who decides."""
    assign(open_store(small_store), ["Ada", "Bo", "Cy"], adjudicators=["Dee"], overlap=2, seed=1)
    return small_store


def reviewed(store: Path, reviewer: str, decision: str, count: int = 99) -> list[str]:
    """Judge one's queue to its end; ids in the order in which they came."""
    session, ids = ReviewSession(store, reviewer), []
    for _ in range(min(count, len(session.queue))):
        ids.append(session.specimen.image_id)
        session.decide(decision)  # type: ignore[arg-type]
        session.navigation.move(1)
    session.close()
    return ids


def test_each_goes_through_their_own_queue_in_its_order(lab: Path) -> None:
    assignment = ReviewSession(lab, "Bo").verdicts.assignment
    assert assignment is not None
    assert reviewed(lab, "Bo", "reject") == list(assignment.queue_of("Bo"))
    again = ReviewSession(lab, "Bo")
    assert again.queue.counts()["reject"] == len(assignment.queue_of("Bo"))
    again.close()


def test_who_has_no_queue_goes_through_everything(lab: Path) -> None:
    session = ReviewSession(lab, "Eve")
    assert len(session.queue) == 14
    assert session.queue.selection == Selection()
    session.close()


def test_nothing_tells_what_others_said_before_ones_own_verdict(lab: Path) -> None:
    session = ReviewSession(lab, "Ada")
    session.edit(lambda regions: regions.assign(1, session.traits[0]))
    session.close()
    reviewed(lab, "Ada", "accept")
    reviewed(lab, "Cy", "reject", 2)
    bo = ReviewSession(lab, "Bo")
    before = {only: set(bo.queue.ids[_rows(bo, only)]) for only in ("disagreement", "to adjudicate", "unsure")}
    assert before == {"disagreement": set(), "to adjudicate": set(), "unsure": set()}
    assert all(not names for names in bo.queue.traits.values())
    shared = next(v.image_id for v in read_verdicts(lab) if v.reviewer == "Ada" and v.image_id in bo.queue.ids)
    bo.navigation.go_to(shared)
    bo.decide("unsure")
    assert set(bo.queue.ids[_rows(bo, "disagreement")]) == {shared}
    assert to_decide(bo) == []
    bo.close()


def _rows(session: ReviewSession, only: str) -> np.ndarray:
    return np.flatnonzero(session.queue._filter(only))


def test_an_adjudicator_sees_both_and_has_the_last_word(lab: Path) -> None:
    reviewed(lab, "Ada", "accept")
    reviewed(lab, "Bo", "reject")
    reviewed(lab, "Cy", "accept")
    dee = ReviewSession(lab, "Dee")
    assert dee.queue.selection.only == "to adjudicate"
    waiting = {str(dee.queue.ids[row]) for row in dee.queue.order}
    theirs: dict[str, set[str]] = {}
    for verdict in read_verdicts(lab):
        theirs.setdefault(verdict.image_id, set()).add(verdict.decision)
    assert waiting == {image_id for image_id, said in theirs.items() if len(said) > 1}
    first = dee.specimen.image_id
    both = to_decide(dee)
    assert {verdict.decision for verdict in both} == {"accept", "reject"}
    marked = next(verdict for verdict in both if verdict.regions)
    take_regions_of(dee, marked.reviewer)
    written = dee.decide("accept")
    assert isinstance(written, Adjudication)
    assert {one.reviewer for one in written.between} == {verdict.reviewer for verdict in both}
    assert written.regions[0].rle == marked.regions[0].rle
    dee.undo()
    assert last_word(dee.verdicts.of_specimen(first)) is None
    assert bool(dee.queue.lab.open[dee.queue.row_of(first)])
    dee.redo()
    assert last_word(dee.verdicts.of_specimen(first)) is not None
    assert not dee.queue.lab.open[dee.queue.row_of(first)]
    dee.close()
    assert len(ReviewSession(lab, "Dee").queue) == len(waiting) - 1


def test_an_adjudicator_with_nothing_to_decide_gives_no_verdict(lab: Path) -> None:
    dee = ReviewSession(lab, "Dee")
    with pytest.raises(ReviewError, match="has 0 verdicts, so that nothing is to be decided"):
        dee.decide("accept")
    with pytest.raises(ReviewError, match="has marked no region here"):
        take_regions_of(dee, "Ada")
    assert read_verdicts(lab) == []
    dee.close()


def test_the_time_before_a_verdict_is_kept(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("napari_finercam.session.verdicts.monotonic", lambda: now[0])
    session = ReviewSession(lab, "Ada")
    now[0] += 7.5
    assert session.decide("reject").seconds == 7.5
    session.navigation.move(1)
    now[0] += 2
    assert session.decide("reject").seconds == 2
    session.close()


def test_a_browser_begins_with_ones_own_queue(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_finercam.web.room import ReviewRoom

    monkeypatch.setenv("XDG_DATA_HOME", str(lab.parent / "home"))
    room = ReviewRoom(lab, ["Ada", "Dee", "Eve"])
    try:
        desks = {name: room._desk_of(name) for name in ("Ada", "Dee", "Eve")}
        facts = {name: room.facts(desk) for name, desk in desks.items()}
        assert (facts["Ada"].filters[0], facts["Ada"].orders[0]) == ("my queue", "as assigned")
        assert facts["Dee"].filters[0] == facts["Eve"].filters[0] == "all", "there is nothing to decide yet"
        assert [name for name, one in facts.items() if "to adjudicate" in one.filters] == ["Dee"]
        reviewed(lab, "Ada", "accept", 1)
        reviewed(lab, "Bo", "reject")
        reviewed(lab, "Cy", "reject")
        desks["Dee"].changes("", 0)
        assert room.facts(desks["Dee"]).filters[0] == "to adjudicate"
        shown = desks["Ada"].select(Selection(only=facts["Ada"].filters[0], order=facts["Ada"].orders[0]))
        assignment = read_assignment(str(lab))
        assert assignment is not None
        assert shown.ids == assignment.queue_of("Ada")
    finally:
        room.close()
