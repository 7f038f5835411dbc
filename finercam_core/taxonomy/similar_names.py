"""Names that differ by a letter or two: listed for a taxonomist to judge, never merged."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

# From so many letters on, words with one difference, and with two, count as similar.
_SHORT, _LONG = 5, 7
# Letters of other scripts that look like Latin ones.
_LOOK_ALIKES = str.maketrans("АВЕКМНОРСТХУІЈЅаеорсухіјѕһԁνοαι", "ABEKMHOPCTXYIJSaeopcyxijshdvoai")
_ENDINGS = ("ensis", "ense", "rum", "um", "us", "er", "is", "ra", "a", "e")


def similar_names(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of species whose names differ by one or two letters, or by the gender of the epithet alone.

    Parameters
    ----------
    names : iterable of str
        Cleaned names of species or subspecies.

    Returns
    -------
    list of (str, str)
        Names that differ in the last epithet alone, or in the genus alone; sorted. Real species may well be among them:
        *Cyprinella lutipinnis* is not *C. altipinnis*.
    """
    by_start: dict[str, list[str]] = defaultdict(list)
    of_look: dict[str, list[str]] = defaultdict(list)
    by_end: dict[str, list[str]] = defaultdict(list)
    for name in set(names):
        of_look[name.translate(_LOOK_ALIKES)].append(name)
        start, _, last = name.rpartition(" ")
        genus, _, end = name.partition(" ")
        by_start[start].append(last)
        by_end[end].append(genus)
    pairs = {(f"{start} {a}", f"{start} {b}") for start, ends in by_start.items() if start for a, b in _similar(ends)}
    pairs |= {(f"{a} {end}", f"{b} {end}") for end, genera in by_end.items() if end for a, b in _similar(genera)}
    pairs |= {pair for same in of_look.values() for pair in combinations(sorted(same), 2)}
    return sorted(pairs)


def _similar(words: list[str]) -> set[tuple[str, str]]:
    """Pairs of words that are alike; only those with a common rest after deletions are compared, not all pairs."""
    rests: dict[str, list[str]] = defaultdict(list)
    for word in words:
        for rest in _rests(word):
            rests[rest].append(word)
    pairs = {pair for same in rests.values() if len(same) > 1 for pair in combinations(sorted(set(same)), 2)}
    return {(a, b) for a, b in pairs if _stem(a) == _stem(b) or _distance(a, b) <= _allowed(a, b)}


def _allowed(a: str, b: str) -> int:
    letters = min(len(a), len(b))
    return (letters >= _SHORT) + (letters >= _LONG)


def _rests(word: str) -> Iterator[str]:
    """What is left of a word after up to two deletions (one in short words), and its stem."""
    letters = range(len(word))
    deletions = [(), *((i,) for i in letters), *(combinations(letters, 2) if len(word) >= _LONG else ())]
    yield from {"".join(word[i] for i in letters if i not in gone) for gone in deletions}
    yield f"{_stem(word)}-"


def _stem(word: str) -> str:
    ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) > len(e) + 2), "")
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
