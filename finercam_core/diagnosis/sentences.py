"""The answer in words: one sentence for a page, five lines for a terminal."""

from finercam_core.diagnosis.findings import BY_MASKS, PairAnswer, PlaceFinding
from finercam_core.diagnosis.rule import LEVEL, passes_statistics
from finercam_core.errors import counted
from finercam_core.evaluate.caveats import POOR

FEW = 5  # specimens of a species below which an answer is distrusted
FEW_P = 0.01  # smallest possible p from which on it is said


def place_in_words(finding: PlaceFinding) -> str:
    """The place, with an article where it is a part: "the caudal fin"."""
    name = finding.test.place.name
    if finding.test.place.kind == "outside":
        return "the ground outside the specimen"
    return f"the {name[:1].lower()}{name[1:]}"


def first_sentence(answer: PairAnswer, *, mark: str = "*") -> str:
    """What stands first on a page: what differs, the word for it, p and n.

    Parameters
    ----------
    answer : PairAnswer
    mark : str
        Put around scientific names: ``*`` in Markdown, "" for plain text.
    """
    a, b = f"{mark}{answer.a}{mark}", f"{mark}{answer.b}{mark}"
    specimens = f"{answer.n_a} + {answer.n_b} specimens" + ("" if answer.held_out else ", not held out")
    told = answer.told_apart
    if not told.p < LEVEL:
        return (
            f"{a} and {b}: no finding, as the classifier does not tell them apart ({told.right} of {told.n} right, "
            f"p = {told.p:.2g}, {specimens})."
        )
    shown = [*answer.worded("supported"), *answer.worded("suggested")]
    parts = [f"{place_in_words(one)}: {one.word}, p = {one.test.p:.2g}{_found_by(one)}" for one in shown]
    shortcut = "".join(
        f" Shortcut: {one.test.share:.0%} of what tells them apart lies outside the specimens."
        for one in shortcuts(answer)
    )
    if not parts:
        return (
            f"{a} and {b}: the classifier tells them apart ({told.right} of {told.n} right), but no place is supported "
            f"or suggested ({specimens}).{shortcut}"
        )
    return f"{a} differs from {b} at {'; '.join(parts)} ({specimens}).{shortcut}"


def _found_by(finding: PlaceFinding) -> str:
    """How stable a finding is, in words; "" where one classifier was asked."""
    return f", found by {finding.agreement}" if finding.agreement else ""


def shortcuts(answer: PairAnswer) -> tuple[PlaceFinding, ...]:
    """What lies outside the specimens and is used, whatever the word."""
    return (*answer.worded("supported", shortcut=True), *answer.worded("suggested", shortcut=True))


def five_lines(answer: PairAnswer, picture: str) -> list[str]:
    """What differs, how sure, what not, what to distrust, and where the picture is."""
    return [
        f"What differs:  {first_sentence(answer, mark='')}",
        f"How sure:      {sureness(answer)}",
        f"What not:      {not_found(answer)}",
        f"Distrust:      {'; '.join(distrust(answer)) or 'nothing in particular'}.",
        f"Picture:       {picture}",
    ]


def sureness(answer: PairAnswer) -> str:
    """How often the classifier is right, and what exchanging the places that were found costs, or why none is given."""
    told = answer.told_apart
    right = (
        f"on {told.n} {_asked(answer)} the classifier tells the two apart in {told.right} (95% interval "
        f"{told.low:.0%} to {told.high:.0%})"
    )
    found = (*answer.worded("supported"), *answer.worded("suggested"), *shortcuts(answer))
    checked = [_effect(one) for one in found if one.causal is not None]
    if checked:
        exchange = "exchanging the place between photographs costs the right species, beyond a like exchange elsewhere,"
        return f"{right}; {exchange} {', '.join(checked)}."
    small = f"{answer.n_a} + {answer.n_b} specimens can give no p below {answer.smallest_p:.2g}; "
    return f"{right}; {small if answer.smallest_p >= FEW_P else ''}{_unchecked(answer)}."


def _asked(answer: PairAnswer) -> str:
    if not answer.held_out:
        return "specimens, not held out,"
    return "specimens that it never saw" if answer.by_lists else "specimens of the catalog's test split"


def _effect(finding: PlaceFinding) -> str:
    """What the exchange of a place costs: "6.1 [5.5, 6.7] logits of its lead at the caudal spot (10 specimens)"."""
    causal = finding.causal
    assert causal is not None
    cost = f"{causal.exchange:.1f} [{causal.low:.1f}, {causal.high:.1f}] logits of its lead"
    return f"{cost} at {place_in_words(finding)} ({counted(causal.n, 'specimen')})"


def _unchecked(answer: PairAnswer) -> str:
    if answer.passes and all(one.causal is None for one in answer.findings):
        return "what exchanging a place between photographs costs could not be measured"
    if answer.passes:
        return "no place whose exchange between photographs could be measured passed the causal check"
    if not answer.told_apart.p < LEVEL or not any(passes_statistics(one.test) for one in answer.findings):
        return "no place differs enough to be checked further"
    return "no causal check was made"


def not_found(answer: PairAnswer) -> str:
    """Which places have no support: those whose maps differ beyond chance by their reason, the rest by name."""
    if not answer.told_apart.p < LEVEL:
        return "no place can be called different, which does not mean that the two are alike."
    rest = [one for one in answer.worded("not supported") if one.test.place.kind != "outside"]
    near = [one for one in rest if passes_statistics(one.test)]
    by_reason: dict[str, list[str]] = {}
    for one in near:
        by_reason.setdefault(one.reasons[0], []).append(place_in_words(one))
    words = [f"{', '.join(names)} (the maps differ there, but {reason})" for reason, names in by_reason.items()]
    far = [place_in_words(one) for one in rest if one not in near and one.test.place.kind != "region"]
    words += [f"this classifier gives no support for {', '.join(far)}"] if far else []
    if any(one.test.place.kind == "region" for one in rest) or not rest:
        words.append("no other place on the specimens separates them beyond chance")
    return f"{'; '.join(words)}. That is no proof that they are alike there."


def distrust(answer: PairAnswer) -> list[str]:
    """What a reader should know before believing the answer; each without a full stop."""
    caveats = [] if answer.held_out and answer.by_lists else [answer.basis]
    caveats += _often_wrong(answer)
    caveats += [
        f"{one.test.share:.0%} of the separation lies outside the specimens ({one.word} shortcut)"
        for one in shortcuts(answer)
    ]
    if min(answer.n_a, answer.n_b) < FEW or answer.smallest_p >= LEVEL:
        caveats.append(f"few specimens: no p below {answer.smallest_p:.2g} is possible")
    if (
        not answer.passes
        and answer.told_apart.p < LEVEL
        and any(passes_statistics(one.test) for one in answer.findings)
    ):
        caveats.append("no causal check was made, so that nothing is supported (give --classifier)")
    caveats += [f"{place_in_words(one)}: {', '.join(one.reasons)}" for one in answer.worded("suggested") if one.reasons]
    caveats += _disagreements(answer)
    if answer.left_out:
        first = next(iter(answer.left_out.values()))
        caveats.append(f"{counted(len(answer.left_out), 'specimen')} could not be used, the first: {first}")
    if answer.aligned != BY_MASKS:
        caveats.append(answer.aligned)
    if not any(one.agreement for one in answer.findings):
        caveats.append("one classifier was asked; another may see it otherwise")
    if answer.worded("supported") or answer.worded("suggested"):
        caveats.append("it says where they differ, not how: see the picture")
    return caveats


def _often_wrong(answer: PairAnswer) -> list[str]:
    """How often the classifier is right where it may choose among all species, of those of which it is often wrong."""
    poor = [
        f"{right} of {counted(n, 'photograph')} of {name}"
        for name, (right, n) in answer.among_all.items()
        if right < POOR * n
    ]
    return [f"among all species the classifier is right on {' and '.join(poor)}: it is often wrong"] if poor else []


def _disagreements(answer: PairAnswer) -> list[str]:
    """Places about which classifiers or folds disagree: supported and not found by all, or found by others alone."""
    unsure = [one for one in answer.worded("supported") if one.agreement and one.agreement.k < one.agreement.n]
    words = [f"{place_in_words(one)}: found by {one.agreement}, not by all" for one in unsure]
    missed = [
        one for one in answer.worded("not supported")
        if one.agreement and one.agreement.k and not passes_statistics(one.test) and one.agreement.of == "classifiers"
    ]  # fmt: skip
    return words + [f"{place_in_words(one)}: not found by this classifier, but by {one.agreement}" for one in missed]


LEGEND = (
    "Supported: held-out specimens differ there beyond chance, and the classifier's decision moves when the place is "
    "exchanged. Suggested: they differ and no check speaks against it, but one could not be made or leaves a doubt. "
    "Not supported: they do not differ beyond chance, or a check speaks against it. A logit more or less changes the "
    "odds 2.7 times."
)
"""The three words in a line, for a page; `rule` defines them."""
