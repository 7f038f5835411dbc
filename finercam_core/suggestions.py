"""What somebody probably meant by a word with a slip in it."""

from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.72
"""Share of letters in common, as `difflib` counts them, from which two words are taken for the same one."""


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like another; "" where none is like it.

    Parameters
    ----------
    word : str
    known : iterable of str
        Case, underscores and hyphens do not count in the comparison.
    """
    by_form = {_form(one): one for one in sorted(set(known), reverse=True)}
    near = get_close_matches(_form(word), list(by_form), 1, CUTOFF)
    return by_form[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean X?``, or "" where no known word is like it."""
    near = closest(word, known)
    return f"did you mean {near}?" if near else ""


def _form(word: str) -> str:
    return " ".join(word.replace("_", " ").replace("-", " ").lower().split())
