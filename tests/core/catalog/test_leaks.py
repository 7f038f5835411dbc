"""Leaks between splits and images under two names are found and left out."""

import pandas as pd

from finercam_core.catalog.splits import find_leaks


def test_leaks_are_found() -> None:
    table = pd.DataFrame(
        [
            ("a", "Aus bus", "1", "train", "x"), ("b", "Aus bus", "2", "test", "x"),  # the same image twice
            ("c", "Aus bus", "3", "train", "y"), ("d", "Aus bus", "3", "val", "z"),  # the same specimen twice
            ("e", "Aus bus", "4", "train", "w"), ("f", "Aus cus", "5", "train", "w"),  # one image, two names
            ("g", "Aus cus", "", "train", "v"), ("h", "Aus cus", "", "test", "u"),
        ],
        columns=["image_id", "scientificName", "group_id", "split", "digest"],
    )  # fmt: skip
    found = find_leaks(table, table["digest"].tolist())
    assert found == {
        "a": "the same image is in the test split",
        "c": "another image of its group is in the val split",
        "e": "the same image stands under Aus bus and Aus cus",
        "f": "the same image stands under Aus bus and Aus cus",
    }
