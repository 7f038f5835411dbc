"""Truths about the parts of the check: licences, near-identical images, similar names."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finercam_core.catalog.check.findings import CatalogCheck, Finding
from finercam_core.catalog.check.licences import licence_group
from finercam_core.catalog.check.near_duplicates import near_pairs
from finercam_core.taxonomy.similar_names import similar_names


@pytest.mark.parametrize(
    ("text", "group"),
    [("CC BY-NC-SA 4.0", "CC BY-NC-SA"), ("CC_BY_NC_4_0", "CC BY-NC"), ("Attribution-NoDerivs 2.0 Generic", "CC BY-ND"),
     ("https://creativecommons.org/publicdomain/zero/1.0/legalcode", "CC0"), ("Public Domain Mark", "public domain"),
     ("Creative Commons Attribution Non-Commercial Share-Alike", "CC BY-NC-SA"), ("not specified", ""),
     ("© 2010 A Museum", "all rights reserved"), ("No known copyright restrictions", "public domain"),
     ("Terms  of use apply", "Terms of use apply"),
     ("Provided by the museum", "Provided by the museum")],
)  # fmt: skip
def test_licences_are_grouped_by_what_they_allow(text: str, group: str) -> None:
    assert licence_group(text) == group


@given(st.text(max_size=40))
def test_any_text_has_a_licence_group(text: str) -> None:
    assert isinstance(licence_group(text), str)


@given(st.lists(st.integers(0, 2**256 - 1), max_size=12), st.data())
@settings(max_examples=50, deadline=None)
def test_near_pairs_are_all_pairs_within_the_distance(values: list[int], data: st.DataObject) -> None:
    flips = data.draw(st.lists(st.sets(st.integers(0, 255), max_size=20), max_size=6))
    values += [(values[0] if values else 0) ^ sum(1 << bit for bit in flip) for flip in flips]
    true = {(i, k, (values[i] ^ values[k]).bit_count()) for k in range(len(values)) for i in range(k)}
    found = near_pairs([f"{value:064x}" for value in values], 15)
    assert set(zip(*(part.tolist() for part in found), strict=True)) == {pair for pair in true if pair[2] <= 15}


@given(st.lists(st.text("abilnstu", min_size=1, max_size=9), max_size=12))
@settings(max_examples=60, deadline=None)
def test_similar_names_are_those_within_one_or_two_edits(words: list[str]) -> None:
    names = {f"Aus {word}" for word in words}
    for a, b in similar_names(names):
        assert a < b
        assert {a, b} <= names
    long = [word for word in set(words) if len(word) >= 7]
    for word in long:
        assert (min(f"Aus {word}", f"Aus {word[1:]}x"), max(f"Aus {word}", f"Aus {word[1:]}x")) in similar_names(
            {f"Aus {word}", f"Aus {word[1:]}x"}
        ) or word == f"{word[1:]}x"


@pytest.mark.parametrize(
    ("counts", "findings", "said"),
    [
        ({"usable": 0, "images": 3}, {"missing_files": 3}, "none of its 3 images was found below /x"),
        ({"usable": 0, "images": 1}, {"missing_files": 1}, "its one image was not found below /x"),
        ({"usable": 0, "images": 3}, {"missing_files": 1, "unreadable_images": 2}, "1 missing, 2 unreadable"),
        ({"usable": 1, "images": 3}, {"missing_files": 2}, ""),
    ],
)
def test_the_sentence_about_unusable_images_is_true(counts: dict, findings: dict, said: str) -> None:
    cases = tuple(Finding(key, "error", n, "images", "", pd.DataFrame(), "") for key, n in findings.items())
    check = CatalogCheck("x", "x", "/x", "listed", counts, {}, {}, pd.DataFrame(), cases)
    assert (said in check.why_unusable) if said else check.why_unusable == ""
