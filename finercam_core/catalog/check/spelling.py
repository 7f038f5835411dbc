"""Names that differ by a letter or two: listed for a taxonomist to look at, never merged."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

_LONG = 7  # letters from which on two differences count as similar; in shorter words only one
_ENDINGS = ("ensis", "ense", "rum", "um", "us", "er", "is", "ra", "a", "e")


def similar_names(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of species whose names differ by one or two letters, or by the gender of the epithet alone.

    Parameters
    ----------
    names : iterable of str
        Cleaned names of species: genus and epithet.

    Returns
    -------
    list of (str, str)
        Either two epithets of one genus, or one epithet in two genera; sorted. Real species may well be among them:
        *Cyprinella lutipinnis* is not *C. altipinnis*.
    """
    words = sorted({tuple(name.split()) for name in names if len(name.split()) == 2})
    by_genus, by_epithet = defaultdict(list), defaultdict(list)
    for genus, epithet in words:
        by_genus[genus].append(epithet)
        by_epithet[epithet].append(genus)
    pairs = {(f"{genus} {a}", f"{genus} {b}") for genus, found in by_genus.items() for a, b in _similar(found)}
    pairs |= {(f"{a} {epithet}", f"{b} {epithet}") for epithet, found in by_epithet.items() for a, b in _similar(found)}
    return sorted(pairs)


def _similar(words: list[str]) -> set[tuple[str, str]]:
    """Pairs of words that are alike; those with a common rest after deletions are looked at, not all pairs."""
    rests: dict[str, list[str]] = defaultdict(list)
    for word in words:
        for rest in _rests(word):
            rests[rest].append(word)
    pairs = {pair for found in rests.values() if len(found) > 1 for pair in combinations(sorted(set(found)), 2)}
    return {(a, b) for a, b in pairs if _stem(a) == _stem(b) or _distance(a, b) <= _allowed(a, b)}


def _allowed(a: str, b: str) -> int:
    return 2 if min(len(a), len(b)) >= _LONG else 1


def _rests(word: str) -> Iterator[str]:
    """What is left of a word after up to two deletions (one in short words), and its stem."""
    letters = range(len(word))
    deletions = [(), *((i,) for i in letters), *(combinations(letters, 2) if len(word) >= _LONG else ())]
    yield from {"".join(word[i] for i in letters if i not in gone) for gone in deletions}
    yield f"{_stem(word)}-"


def _stem(word: str) -> str:
    ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) > len(e) + 3), "")
    return word.removesuffix(ending) if ending else word


def _distance(a: str, b: str) -> int:
    """Edits between two words: insertions, deletions, replacements, and swaps of neighbours (Damerau 1964)."""
    older: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for k, y in enumerate(b, 1):
            row.append(min(above[k] + 1, row[k - 1] + 1, above[k - 1] + (x != y)))
            if i > 1 and k > 1 and x == b[k - 2] and a[i - 2] == y:
                row[k] = min(row[k], older[k - 2] + 1)
        older, above = above, row
    return above[-1]
