"""What became of the findings about a pair of species from one run to another."""

from collections.abc import Iterator

from finercam_core.diagnosis.answer import Diagnosis
from finercam_core.diagnosis.findings import PlaceFinding
from finercam_core.diagnosis.several import same_place
from finercam_core.errors import ComparisonError, counted

NOTHING = "nothing"
"""Word of a run that was asked about a pair and finds no place."""
COLUMNS = ("species", "reference", "place", "word_a", "word_b", "moved", "not_measured")


def pairs_of(a: Diagnosis, b: Diagnosis, most: int) -> tuple[list[tuple[str, str]], list[dict[str, object]]]:
    """Pairs whose findings both can have, and those of one run alone, as rows that say so."""
    if not most:
        return [], [_row(("", ""), not_measured="no pair was asked for")]
    try:
        known = a.pairs, b.pairs
    except ComparisonError as error:  # nobody may testify
        return [], [_row(("", ""), not_measured=error.problem)]
    both = [pair for pair in known[0] if pair in set(known[1])]
    alone = [(pair, "A") for pair in known[0] if pair not in set(both)] + [
        (pair, "B") for pair in known[1] if pair not in set(both)
    ]
    if not known[0] and not known[1]:
        reason = "no two species were compared with each other and have specimens that may testify"
        return [], [_row(("", ""), not_measured=reason)]
    rows = [_row(pair, not_measured=f"the pair was compared in {run} alone") for pair, run in alone[:most]]
    if len(both) > most:
        rows.append(_row(("", ""), not_measured=f"{counted(len(both) - most, 'further pair')}: see --pairs"))
    return both[:most], rows


def _row(pair: tuple[str, str], **values: object) -> dict[str, object]:
    return {"species": pair[0], "reference": pair[1], **values}


def moved_findings(a: Diagnosis, b: Diagnosis, pair: tuple[str, str]) -> Iterator[dict[str, object]]:
    """Words of the places that one of the runs finds: rows of `RunComparison.findings`."""
    try:
        answers = [diagnosis.answer(*pair) for diagnosis in (a, b)]
    except ComparisonError as error:
        yield _row(pair, not_measured=error.problem)
        return
    first, second = ([one for one in answer.findings if one.word != "not supported"] for answer in answers)
    if not first and not second:
        yield _row(pair, word_a=NOTHING, word_b=NOTHING, moved=False, not_measured="")
    taken = []
    for one in first:
        match = next((other for other in second if same_place(one.test.place, other.test.place)), None)
        taken += [match] if match else []
        yield _found(pair, one, word_a=one.word, word_b=match.word if match else "not found")
    for other in second:
        if not any(other is match for match in taken):
            yield _found(pair, other, word_a="not found", word_b=other.word)


def _found(pair: tuple[str, str], finding: PlaceFinding, *, word_a: str, word_b: str) -> dict[str, object]:
    place = finding.test.place.name
    return _row(pair, place=place, word_a=word_a, word_b=word_b, moved=word_a != word_b, not_measured="")
