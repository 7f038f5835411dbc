"""The three words of a finding, defined once: *supported*, *suggested*, *not supported*.

*Supported*: the species' held-out specimens are told apart, p < 0.05 family-wise, evidence denser than on the rest of
the specimen, the causal check passed (putting in the other species' place costs margin beyond a matched place, Holm
p < 0.05, and at least a quarter of what the pair's most telling place costs; hiding it does not contradict), more than
the place has in pairs of other species, and found by most of the classifiers that were asked. What was not measured is
not passed: without such pairs in the store, or without a like place to measure an exchange by, a finding is suggested.
*Suggested*: significant, dense, and no check contradicts it, but one is missing; without the causal check also at least
half as dense as the pair's densest place, and no shortcut in the pair: what an object beside the specimen does reaches
as far as the receptive field.
*Not supported*: everything else.
"""

import math

from finercam_core.diagnosis.findings import CausalEffect, PlaceTest, ToldApart, WitnessCount, Word

LEVEL = 0.05
DENSE = 1.0  # of evidence spread evenly over the specimen
OF_LARGEST = 0.25  # of the pair's largest effect
OF_DENSEST = 0.5  # of the pair's densest place: what an unchecked place must have, as neighbours of a mark light up too
OUTSIDE_SHARE = 0.2  # of the separation, from which on what lies outside the specimen is a shortcut
MOSTLY = 2 / 3  # of the classifiers that were asked


def passes_statistics(test: PlaceTest) -> bool:
    """Whether a place is worth a causal check: significant, for the right species, and dense; or a share outside."""
    if not (test.p < LEVEL and test.evidence > 0):
        return False
    return test.share >= OUTSIDE_SHARE if test.place.kind == "outside" else test.density > DENSE


def reasons_against(
    test: PlaceTest,
    told_apart: ToldApart,
    *,
    held_out: bool,
    densest: float,
    causal: CausalEffect | None,
    unmeasured: str = "",
    outside: float = 0.0,
    agreement: WitnessCount | None = None,
    level: float = LEVEL,
) -> tuple[list[str], list[str]]:
    """What speaks against a finding.

    Parameters
    ----------
    test : PlaceTest
    told_apart : ToldApart
    held_out : bool
    densest : float
        Density of the pair's densest significant place; an unchecked place must have half of it.
    causal : CausalEffect, optional
    unmeasured : str
        Why there is none, where a check was made.
    outside : float
        Share of the separation that lies outside the specimens beyond chance; no place on them is taken on trust then.
    agreement : WitnessCount, optional
    level : float

    Returns
    -------
    list of str
        What makes it not supported.
    list of str
        What leaves it suggested.
    """
    against, missing = [], []
    if not told_apart.p < LEVEL:
        against.append("the classifier does not tell these two apart on held-out specimens")
    if not test.p < level:
        against.append(f"p = {test.p:.2g}, no separation beyond chance")
    elif not test.evidence > 0:
        against.append("the evidence here speaks for the wrong species")
    elif test.place.kind != "outside" and not test.density > DENSE:
        against.append("no denser than on the rest of the specimen")
    if not held_out:
        missing.append("not held out")
    if causal is None:
        missing.append(unmeasured or "no causal check")
        if test.density < OF_DENSEST * densest:
            against.append(f"unchecked, and less than half as dense as the densest place ({densest:.1f})")
        if test.place.kind != "outside" and outside >= OUTSIDE_SHARE:
            against.append(
                f"unchecked, and {outside:.0%} of the separation lies outside the specimens and may reach here"
            )
    else:
        _judge_causal(causal, against, missing)
    if math.isnan(test.usual):
        missing.append("whether pairs of other species have as much of it was not measured: none is told apart here")
    elif test.share <= test.usual:
        missing.append(f"pairs of other species have as much of it ({test.usual:.0%})")
    if agreement is not None and agreement.k < MOSTLY * agreement.n:
        missing.append(f"found by {agreement}")
    return against, missing


def _judge_causal(causal: CausalEffect, against: list[str], missing: list[str]) -> None:
    if not causal.p < LEVEL:
        against.append("exchanging it moves the decision no more than exchanging a like place elsewhere")
    elif causal.of_largest < OF_LARGEST:
        share = min(causal.of_largest, OF_LARGEST - 0.01)  # 24.9 % is not rounded to the quarter that it misses
        against.append(f"its effect is {share:.0%} of the pair's largest, less than {OF_LARGEST:.0%}")
    elif causal.hiding < 0:
        missing.append("hiding it does not cost margin")


def word_for(against: list[str], missing: list[str]) -> Word:
    """The word, from what speaks against a finding and what is missing."""
    if against:
        return "not supported"
    return "suggested" if missing else "supported"
