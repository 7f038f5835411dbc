"""The answer in words: one sentence for a page, five lines for a terminal."""

from finercam_core.diagnosis.findings import BY_MASKS, PairAnswer, PlaceFinding
from finercam_core.diagnosis.rule import LEVEL, passes_statistics
from finercam_core.errors import counted

FEW = 5  # specimens of a species below which an answer is distrusted


def place_in_words(finding: PlaceFinding) -> str:
    """The place, with an article where it is a part: "the caudal fin"."""
    name = finding.test.place.name
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
    parts = [f"{place_in_words(one)}: {one.word}, p = {one.test.p:.2g}" for one in shown]
    shortcut = "".join(
        f" Shortcut: {one.test.share:.0%} of what tells them apart lies outside the specimens."
        for one in shortcuts(answer)
    )
    if not parts:
        return f"{a} and {b}: nothing found at any place ({specimens}).{shortcut}"
    return f"{a} differs from {b} at {'; '.join(parts)} ({specimens}).{shortcut}"


def shortcuts(answer: PairAnswer) -> tuple[PlaceFinding, ...]:
    """What lies outside the specimens and is used, whatever the word."""
    return (*answer.worded("supported", shortcut=True), *answer.worded("suggested", shortcut=True))


def five_lines(answer: PairAnswer, picture: str) -> list[str]:
    """What differs, how sure, what not, what to distrust, and where the picture is."""
    return [
        f"What differs:  {first_sentence(answer, mark='')}",
        f"How sure:      {_sureness(answer)}",
        f"What not:      {_not_found(answer)}",
        f"Distrust:      {'; '.join(distrust(answer)) or 'nothing in particular'}.",
        f"Picture:       {picture}",
    ]


def _sureness(answer: PairAnswer) -> str:
    told = answer.told_apart
    right = f"the classifier is right on {told.right} of {told.n} ({told.low:.0%} to {told.high:.0%})"
    checked = [one for one in answer.worded("supported") if one.causal is not None]
    if not checked:
        smallest = f"the smallest p that {answer.n_a} + {answer.n_b} specimens can give is {answer.smallest_p:.2g}"
        return f"{right}; {smallest}; {'no finding passed the causal check' if answer.passes else 'no causal check'}."
    words = [
        f"putting in the other's {one.test.place.name[:1].lower()}{one.test.place.name[1:]} costs "
        f"{one.causal.exchange:.1f} [{one.causal.low:.1f}, {one.causal.high:.1f}] logits, n = {one.causal.n}"
        for one in checked
        if one.causal is not None
    ]
    return f"{right}; {'; '.join(words)}."


def _not_found(answer: PairAnswer) -> str:
    if not answer.told_apart.p < LEVEL:
        return "no place can be called different."
    names = [place_in_words(one) for one in answer.worded("not supported") if one.test.place.kind != "outside"]
    return f"not supported: {', '.join(names)}." if names else "no other place was tested."


def distrust(answer: PairAnswer) -> list[str]:
    """What a reader should know before believing the answer; each without a full stop."""
    caveats = [] if answer.held_out and answer.by_lists else [answer.basis]
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
    if answer.left_out:
        first = next(iter(answer.left_out.values()))
        caveats.append(f"{counted(len(answer.left_out), 'specimen')} could not be used, the first: {first}")
    if answer.aligned != BY_MASKS:
        caveats.append(answer.aligned)
    if not any(one.agreement for one in answer.findings):
        caveats.append("one classifier was asked; another may see it otherwise")
    return caveats
