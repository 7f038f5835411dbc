"""The queue: filters, orders and counts over columns of arrays, without a store."""

import numpy as np
import pandas as pd
import pytest
from napari_finercam.session.queue import ORDERS, Queue, Selection, SpeciesScores

from finercam_core.review import Comparison, Region, Verdict
from finercam_core.status import Status

COMPARISON = Comparison(0.6, "mean", "gradcam", ())


@pytest.fixture
def queue() -> Queue:
    rows = pd.DataFrame(
        {
            "image_id": [f"img-{i}" for i in range(8)],
            "scientificName": ["Aus bus"] * 4 + ["Aus cus"] * 2 + ["Eus fus"] * 2,
            "genus": ["Aus"] * 6 + ["Eus"] * 2,
            "family": ["Ausidae"] * 6 + ["Eusidae"] * 2,
            "vernacularName": ["striped goby"] * 4 + [""] * 4,
            "group": ["a/a/b"] * 4 + ["a/a/c"] * 2 + ["e/e/f"] * 2,
            "slot": [0, 1, 2, 3, 0, 1, 0, 1],
        }
    )
    queue = Queue(rows, "A")
    queue.take_scores(
        "a/a/b",
        SpeciesScores(
            np.array([1, 1, 2, 1], np.uint8),
            np.array([0.9, 0.2, np.nan, 0.6], np.float32),
            np.array([5.0, -1.0, np.nan, 0.5], np.float32),
        ),
    )
    queue.take_missing("e/e/f")
    return queue


def verdict(image_id: str, reviewer: str, decision: str, trait: str = "") -> Verdict:
    regions = (Region({"size": [1, 1], "counts": ""}, trait),)
    return Verdict(image_id, "Aus bus", reviewer, decision, COMPARISON, regions)  # type: ignore[arg-type]


def chosen(queue: Queue, **selection: str) -> list[int]:
    queue.select(Selection(**selection))
    return queue.order.tolist()


def test_filters(queue: Queue) -> None:
    queue.take_verdicts("img-0", [verdict("img-0", "A", "accept", "Eye")])
    queue.take_verdicts("img-1", [verdict("img-1", "A", "unsure"), verdict("img-1", "B", "reject")])
    queue.take_verdicts("img-4", [verdict("img-4", "B", "accept", "Head")])
    assert chosen(queue) == [0, 1, 3, 4, 5, 6, 7]
    assert chosen(queue, only="unreviewed") == [3, 4, 5, 6, 7]
    assert chosen(queue, only="unsure") == [1]
    assert chosen(queue, only="disagreement") == [1]
    assert chosen(queue, only="low confidence") == [1]
    assert chosen(queue, only="failed") == [2]
    assert chosen(queue, trait="Eye") == [0]
    assert chosen(queue, trait="Head") == []  # what another said stays hidden until one's own verdict
    assert chosen(queue, text="STRIPED") == [0, 1, 3]
    assert chosen(queue, text="img-5") == [5]
    assert chosen(queue, text="a.s") == []
    queue.take_verdicts("img-4", [verdict("img-4", "A", "reject"), verdict("img-4", "B", "accept", "Head")])
    assert chosen(queue, trait="Head") == [4]


def test_taxa_of_every_rank(queue: Queue) -> None:
    assert chosen(queue, taxon="Ausidae") == [0, 1, 3, 4, 5]
    assert chosen(queue, taxon="Eus") == [6, 7]
    assert chosen(queue, taxon="Aus cus") == [4, 5]
    assert ("Aus", "genus", 6) in queue.taxa()
    assert ("Eus fus", "scientificName", 2) in queue.taxa()


def test_orders_put_what_is_unknown_last(queue: Queue) -> None:
    assert chosen(queue, order=ORDERS[1], taxon="Aus")[:3] == [1, 3, 0]
    assert chosen(queue, order=ORDERS[2], taxon="Aus")[:3] == [1, 3, 0]
    assert chosen(queue, order=ORDERS[1], taxon="Aus")[3:] == [4, 5]


def test_figures_of_an_evaluation_give_an_order(queue: Queue) -> None:
    table = pd.DataFrame(
        {
            "image_id": ["img-3", "img-3", "img-0", "img-1", "elsewhere"],
            "map": ["finer_cam", "grad_cam", "finer_cam", "finer_cam", "finer_cam"],
            "drop_5": [0.1, 0.9, 0.5, -0.2, 0.0],
        }
    )
    assert queue.take_figures(table) == ["drop_5, smallest first"]
    assert chosen(queue, order="drop_5, smallest first")[:3] == [1, 3, 0]


def test_steps_pass_over_what_has_no_map(queue: Queue) -> None:
    queue.select(Selection())
    assert queue.position == 0
    assert list(queue.step(1)) == [1, 2, 3, 4]  # rows 1, 3, 4, 5; the last species is missing
    queue.position = 3
    assert list(queue.step(-1)) == [2, 1, 0]
    queue.select(Selection(only="failed"))
    assert queue.row == 2


def test_a_selection_opens_at_its_first_without_a_verdict_and_may_keep_the_specimen(queue: Queue) -> None:
    queue.take_verdicts("img-0", [verdict("img-0", "A", "accept")])
    queue.select(Selection())
    assert queue.image_id == "img-1"
    queue.position = 3
    queue.select(Selection(taxon="Aus"), stay=True)
    assert queue.image_id == "img-4"
    assert queue.counts() == {"accept": 1, "reject": 0, "unsure": 0, "all": 5}


def test_scores_of_specimens_that_came_later_wait(queue: Queue) -> None:
    one = np.ones(1, np.float32)
    queue.take_scores("a/a/c", SpeciesScores(np.array([1], np.uint8), one, one))
    assert queue.status[4] == Status.DONE
    assert queue.scored == pytest.approx(7 / 8)
    assert queue.pending == 2
