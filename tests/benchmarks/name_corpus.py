"""Hold the parser of names against a public corpus: `python tests/benchmarks/name_corpus.py FILE …`.

FILE is gnparser's `testdata/test_data.md` (https://github.com/gnames/gnparser, MIT), or lines of a name, a tab and its
canonical form. Neither is part of this repository. Of each name it is said whether ours is

- right: the same canonical form, but for ligatures, accents and how a rank is abbreviated;
- refused: kept as a class of its own that is never a reference, or set aside, where the corpus has a formal name;
- wrong: another formal name;
- merged: a class that a name with another canonical form has, too. This must be 0, and is the exit code.
"""

import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from finercam_core.taxonomy.names import parse_name

_CASE = re.compile(r"^Name: (.*?)\n.*?```json\n(.*?)```", re.DOTALL | re.MULTILINE)
_FOLDED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "oe", "ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "å": "ao", "'": ""}
)
_RANK = r"[a-z]{1,12}\.|(?:morph|natio|nat|div|subgen)|[×x†]"
_NUMBERS = {"24-": "vigintiquatuor", "12-": "duodecim", "4-": "quadri"}


def main(files: list[str]) -> int:
    cases = {name: canonical for file in files for name, canonical in read(Path(file).read_text(encoding="utf-8"))}
    classes: dict[str, dict[str, str]] = defaultdict(dict)
    outcomes, shown = Counter(), []
    for name, expected in cases.items():
        parsed = parse_name(name)
        formal = bool(parsed.canonical) and not parsed.qualifier
        if parsed.canonical:
            classes[parsed.canonical].setdefault(folded(expected), name)
        outcome = (
            "right" if formal and folded(parsed.canonical) == folded(expected) else "wrong" if formal else "refused"
        )
        if not expected:  # the corpus has no name either
            outcome = "wrong" if parsed.is_referable else "right"
        outcomes[outcome] += 1
        if outcome == "wrong":
            shown.append(f"wrong  {name!r}: {parsed.canonical!r}, not {expected!r}")
    merged = {own: names for own, names in classes.items() if len(names) > 1}
    shown += [f"merged {own!r}: {sorted(names.values())}" for own, names in merged.items()]
    print("\n".join(shown))
    print(f"{len(cases)} tried: {dict(outcomes)}, merged {len(merged)}")
    return len(merged)


def read(text: str) -> Iterator[tuple[str, str]]:
    """Names with the canonical form that the corpus gives them, "" for those that it does not parse."""
    if "```json" not in text:
        for line in text.splitlines():
            name, _, canonical = line.partition("\t")
            yield name, canonical
        return
    for name, content in _CASE.findall(text):
        answer = json.loads(content)
        yield name.strip(), answer["canonical"]["full"] if answer.get("parsed") else ""


def folded(name: str) -> str:
    """A canonical form without case, accents, ligatures and ranks; a subgenus as a word."""
    text = unicodedata.normalize("NFC", name).lower().translate(_FOLDED)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    for short, long in _NUMBERS.items():
        text = text.replace(short, long)
    return " ".join(word.strip("()") for word in text.split() if not re.fullmatch(_RANK, word))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
