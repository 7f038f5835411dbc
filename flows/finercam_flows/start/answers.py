"""What was found, in one sentence per pair: what is sure first."""

import shlex

from finercam_core.diagnosis import Diagnosis, PairAnswer
from finercam_core.diagnosis.findings import WORDS
from finercam_core.diagnosis.sentences import first_sentence
from finercam_core.diagnosis.survey import survey, unanswered
from finercam_core.store import open_store
from finercam_flows.progress import report_step

SHOWN = 12
"""Sentences that are printed; the others are in the file."""


def pair_sentences(store: str) -> dict[tuple[str, str], str]:
    """A sentence for every pair of a store that was compared both ways, held-out specimens alone, surest first.

    Pairs without an answer come last, with the reason. Congeners come before species of different genera where both
    are as sure: they are what a key has to tell apart.

    Parameters
    ----------
    store : str
        Its location.
    """
    diagnosis = Diagnosis(open_store(store))
    answers = survey(diagnosis, report_step)
    said = {(answer.a, answer.b): first_sentence(answer, mark="") for answer in sorted(answers, key=_order)}
    rest = unanswered(diagnosis, answers).items()
    return said | {(a, b): f"{a} and {b}: not measured, {why}." for (a, b), why in rest}


def next_step(sentences: dict[tuple[str, str], str], store: str, classifier: str) -> str:
    """What the word of the first sentence leaves open, and the command that finds it out; "" if nothing."""
    pair, sentence = next(iter(sentences.items()), (("", ""), ""))
    if ": suggested" not in sentence:
        return ""
    command = shlex.join(["finercam", "ask", store, *pair, "--classifier", classifier])
    return f"Suggested: sure as a difference between the maps; whether the classifier uses it is checked by: {command}"


def _order(answer: PairAnswer) -> tuple[int, bool, float, str]:
    """By the best word, then congeners, then how much of the separation the best place holds."""
    best = next((one for one in answer.findings if not one.shortcut), None)
    word = WORDS.index(best.word) if best is not None else len(WORDS)
    share = -best.test.share if best is not None else 0.0
    return word, answer.a.split()[0] != answer.b.split()[0], share, answer.a
