"""How a trait differs is what reviewers' notes say of it, and nothing where they do not."""

from collections.abc import Callable

import numpy as np
import pytest

from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict
from finercam_core.review.qualities import NamedQuality, named_qualities, quality_of
from finercam_core.store import Store

Planned = Callable[..., Store]
MASK = encode(np.eye(8, dtype=bool))


@pytest.mark.parametrize(
    ("note", "quality"),
    [
        ("", ("PATO:0000001", "quality")),
        ("clear", ("PATO:0000001", "quality")),
        ("darker, PATO:0000014 (color)", ("PATO:0000014", "color")),
        ("PATO:0000052", ("PATO:0000052", "PATO:0000052")),
        ("PATO:12 and PATO:0000052", ("PATO:0000052", "PATO:0000052")),
    ],
)
def test_the_quality_that_a_reviewer_names(note: str, quality: tuple[str, str]) -> None:
    assert quality_of(note) == quality


@pytest.fixture
def store(planned: Planned) -> Store:
    return planned({"Aus bus": 3, "Aus cus": 3, "Dus eus": 2})


def judge(store: Store, species: str, number: int, note: str, **changes: str) -> None:
    """A verdict on a specimen, with one region named as a trait."""
    image_id = sorted(store.rows.loc[store.rows["scientificName"] == species, "image_id"])[number]
    reference = changes.get("reference", "Aus cus" if species == "Aus bus" else "Aus bus")
    comparison = Comparison(0.6, "paper", "gradcam", (reference,))
    region = Region(MASK, trait=changes.get("trait", "tail"), comparison=comparison, number=1)
    reviewer = changes.get("reviewer", "Ada")
    log = ReviewLog(store.location, reviewer)
    log.append(Verdict(image_id, species, reviewer, changes.get("decision", "accept"), comparison, (region,), note))


def test_qualities_of_a_pair_are_counted_by_trait(store: Store) -> None:
    judge(store, "Aus bus", 0, "darker: PATO:0000014")
    judge(store, "Aus cus", 0, "PATO:0000014 (color)", reviewer="Bo")
    judge(store, "Aus bus", 1, "PATO:0000052 (shape)")
    judge(store, "Aus bus", 2, "nothing to say", trait="head")
    named = named_qualities(store.location, "Aus cus", "Aus bus")
    assert named == {
        "tail": (
            NamedQuality("PATO:0000014", "color", ("Ada", "Bo"), 2),
            NamedQuality("PATO:0000052", "shape", ("Ada",), 1),
        )
    }


def test_other_pairs_and_verdicts_that_do_not_accept_say_nothing(store: Store) -> None:
    judge(store, "Aus bus", 0, "PATO:0000014", reference="Dus eus")
    judge(store, "Dus eus", 0, "PATO:0000014", reference="Aus bus")
    judge(store, "Aus bus", 1, "PATO:0000014", decision="reject")
    judge(store, "Aus bus", 2, "PATO:0000014", trait="")
    assert named_qualities(store.location, "Aus bus", "Aus cus") == {}
    assert "tail" in named_qualities(store.location, "Aus bus", "Dus eus")


def test_a_later_verdict_takes_the_place_of_an_earlier_one(store: Store) -> None:
    judge(store, "Aus bus", 0, "PATO:0000014")
    judge(store, "Aus bus", 0, "not sure, after all", decision="unsure")
    assert named_qualities(store.location, "Aus bus", "Aus cus") == {}
