"""What `finercam start` says after its first sentence: a check for what is suggested, nothing where nothing is."""

import pytest
from finercam_flows.start.answers import next_step

PAIR = ("Aus bus", "Aus cus")


def test_what_is_suggested_has_a_command_that_checks_it() -> None:
    said = next_step(
        {PAIR: "Aus bus differs from Aus cus at the tail: suggested, p = 0.0001 (5 + 5 specimens)."}, "m", "c"
    )
    assert "finercam ask m 'Aus bus' 'Aus cus' --classifier c" in said


@pytest.mark.parametrize(
    "sentence",
    [
        "Aus bus and Aus cus: the classifier tells them apart (9 of 9 right), but no place is supported or suggested.",
        "Aus bus differs from Aus cus at the tail: supported, p = 0.0001 (5 + 5 specimens).",
        "Aus bus and Aus cus: not measured, too few specimens.",
    ],
)
def test_where_nothing_is_suggested_there_is_nothing_to_check(sentence: str) -> None:
    assert next_step({PAIR: sentence}, "m", "c") == ""
    assert next_step({}, "m", "c") == ""
