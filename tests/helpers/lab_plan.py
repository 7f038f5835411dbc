"""What three reviewers say of 200 specimens, and how far they agree, worked out by hand."""

from collections.abc import Iterator
from dataclasses import asdict, replace

import numpy as np

from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Decision, Region, ReviewLog, Verdict
from finercam_core.store.integrity.lines import checked_line

REVIEWERS, ADJUDICATOR = ("Ada", "Bo", "Cy"), "Dee"
_ANSWERS: dict[str, Decision] = {"A": "accept", "R": "reject", "U": "unsure"}
BLOCKS = (("AAA", 80), ("RRR", 60), ("AAR", 20), ("ARA", 15), ("RAA", 15), ("URR", 10))
"""Answers of the three, and on how many specimens."""
SAID = tuple(answers for answers, count in BLOCKS for _ in range(count))
TIME = "2026-01-02T03:04:05.000000+00:00"
COUNTS = {"Aus bus": 120, "Dus eus": 80}
SPLIT = 60  # specimens on which one of the three says otherwise

# n = 600 answers: 340 accept, 250 reject, 10 unsure. Each split adds (9 - 5) / 2 = 2 to D_o;
# D_e = (600² - 340² - 250² - 10²) / 599.
ALPHA = 1 - 2 * SPLIT * 599 / (600**2 - 340**2 - 250**2 - 10**2)
# Ada: 115, 75, 10; Bo: 115, 85, 0; Cy: 110, 90, 0 of 200.
KAPPA = {
    "Ada & Bo": (160 / 200 - (115 * 115 + 75 * 85) / 200**2) / (1 - (115 * 115 + 75 * 85) / 200**2),
    "Ada & Cy": (155 / 200 - (115 * 110 + 75 * 90) / 200**2) / (1 - (115 * 110 + 75 * 90) / 200**2),
    "Bo & Cy": (165 / 200 - (115 * 110 + 85 * 90) / 200**2) / (1 - (115 * 110 + 85 * 90) / 200**2),
}
# A third of the pairs agree where one says otherwise: P = (140 + 60 / 3) / 200; P_e = (340² + 250² + 10²) / 600².
FLEISS = (0.8 - 178200 / 360000) / (1 - 178200 / 360000)
# Without the ten that Ada is unsure of: 590 answers to "a region of it?", 340 yes, 250 no, 50 splits.
TRAIT_ALPHA = 1 - 2 * 50 * 589 / (590**2 - 340**2 - 250**2)
# Cy's region covers half of Ada's and Bo's, which are one: 1/3 with each. Mean 5/9 on 80, 1 on 20, 1/3 on 30.
IOU = (80 * 5 / 9 + 20 + 30 / 3) / 130


def decision(reviewer: str, index: int) -> Decision:
    """What a reviewer says of the specimen of this index, in the order of their ids."""
    return _ANSWERS[SAID[index][REVIEWERS.index(reviewer)]]


def box(left: int) -> Region:
    """A region of ten columns."""
    mask = np.zeros((24, 32), bool)
    mask[:, left : left + 10] = True
    return Region(encode(mask), "eye")


def verdict(reviewer: str, index: int, image_id: str) -> Verdict:
    """The whole verdict, with a time that Ada takes 8 s for."""
    said = decision(reviewer, index)
    regions = (box(5 if reviewer == "Cy" else 0),) if said == "accept" else ()
    made, species = Comparison(0.6, "mean", "gradcam", ("Aus cus",)), image_id.rpartition("-")[0].replace("_", " ")
    return Verdict(image_id, species, reviewer, said, made, regions, seconds=8.0 if reviewer == "Ada" else None)


def write(location: str, image_ids: list[str], reviewers: tuple[str, ...] = REVIEWERS) -> None:
    """Write all verdicts to a store's logs at once: `ReviewLog` would wait for the disk six hundred times."""
    for reviewer in reviewers:
        path = ReviewLog(location, reviewer).path
        path.parent.mkdir(exist_ok=True)
        lines = [checked_line(asdict(replace(one, time=TIME))) for one in verdicts(reviewer, image_ids)]
        path.write_bytes(b"\n".join(lines) + b"\n")


def verdicts(reviewer: str, image_ids: list[str]) -> Iterator[Verdict]:
    """A reviewer's verdicts on specimens in the order of their ids."""
    for index, image_id in enumerate(sorted(image_ids)):
        yield verdict(reviewer, index, image_id)
