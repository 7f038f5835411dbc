"""Scientific names as museum tables have them: cleaned and taken apart, never merged by spelling.

The good parsers of scientific names are web services or programs in other languages, or merge names that are not the
same (docs/decisions/0008-names.md, 0019-name-libraries.md), so this one is our own. It covers what specimen tables
hold: authorship, case, subgenera, trinomials, rank markers, open nomenclature, hybrids.
"""

import html
import re
import unicodedata
from dataclasses import fields

import pandas as pd

from finercam_core.taxonomy.name_reader import NameReader
from finercam_core.taxonomy.name_words import (
    CROSS,
    KINGDOMS,
    NOTHING,
    PLACEHOLDERS,
    STAGES,
    UNNAMED,
    WORD,
    key_of,
)
from finercam_core.taxonomy.scientific_name import ScientificName

__all__ = ["ScientificName", "clean_text", "is_referable", "parse_name", "parse_names"]

_TAG = re.compile(r"</?[A-Za-z]{1,6}>")
_QUOTES = str.maketrans(dict.fromkeys("‘’‚`´ʼ", "'") | dict.fromkeys("“”„«»", '"'))
_EXTINCT = re.compile("[†‡✝]")
# `var.alba` is two words; `n.sp.` and `s.l.` are one.
_GLUED = re.compile(r"(?<!\S)((?:var|subsp|ssp|subvar|cv|cf|aff|nr|subgen|subg)\.|f\.(?=[a-z]{3}))(?=[^\W\d_])")
# `dendrobii(H.C.`, `Burnett)U.`, `Keyserling,1891`; `xAgropogon`.
_AUTHOR_GLUED = re.compile(r"(?<=[a-z]{3})(?=\([A-Z])|(?<=[a-z.\d]\))(?=[A-Z])|(?<=,)(?=1[5-9]\d\d|20\d\d)")
_HYBRID_GENUS = re.compile(r"^[xX](?=[A-Z][a-z]{2})")
_BROAD = re.compile(r"\bs\. (?=(?:l|lat|str|s|ampl)\.)")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


def is_referable(name: str) -> bool:
    """Whether a name can be a reference: false for one word, sp., cf., aff., ×, groups and informal names."""
    return parse_name(name).is_referable


def clean_text(text: str) -> str:
    """Unicode NFC, straight quotes, no tags or invisible characters, single spaces, no quotes around the whole."""
    text = html.unescape(text) if "&" in text else text
    text = _TAG.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).translate(_QUOTES)
    text = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    text = " ".join(text.split())
    while len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    return text


def parse_name(text: str) -> ScientificName:
    """Take one scientific name apart.

    Any text is accepted: a text that names nothing gives an empty name, one that is not formal keeps its words and is
    qualified as "informal".
    """
    text = _EXTINCT.sub(" ", clean_text(text)).replace("×", " × ").strip()
    if " " not in text:
        text = text.replace("_", " ")
    # "n/a" is a word of its own.
    text = " ".join((text.replace("\\", "/").replace("/", " or ") if len(text) > 4 else text).split())
    text = _AUTHOR_GLUED.sub(" ", _HYBRID_GENUS.sub("× ", text))
    words = _without_stages(_without_lineage(_GLUED.sub(r"\1 ", _BROAD.sub("s.", text)).split()))
    if _names_nothing(text, words):
        return ScientificName()
    sign = words[0] in CROSS and len(words) > 1
    words = words[1:] if sign else words
    genus = words[0].rstrip(",;")
    if not any(c.isalpha() for c in genus):  # a sign of hybrids before figures or marks names nothing
        return ScientificName(canonical="" if sign else text, qualifier="" if sign else "informal")
    if not WORD.fullmatch(genus) or genus.lower() == "candidatus":
        return ScientificName(canonical=text, qualifier="informal")
    upper = text == text.upper() and sum(map(str.isalpha, text)) > 4
    if upper:
        words = [w.lower() for w in words]
    return NameReader(genus.capitalize(), words[1:], "×" if sign else "", upper).name()


def _names_nothing(text: str, words: list[str]) -> bool:
    lower = text.lower()
    if lower in PLACEHOLDERS or not any(c.isalpha() for c in text) or not words:
        return True
    return key_of(words[0]) in UNNAMED or bool(NOTHING.fullmatch(lower))


def _without_lineage(words: list[str]) -> list[str]:
    """Genus and epithets of `00012 Animalia Chordata Actinopterygii Esociformes Esocidae Esox lucius`."""
    start = 1 if words and words[0].isdigit() else 0
    whole = len(words) >= start + 7 and words[start].lower() in KINGDOMS
    return words[start + 5 :] if whole else words


def _without_stages(words: list[str]) -> list[str]:
    """Sex and stage of life say nothing about the taxon."""
    return [word for i, word in enumerate(words) if i == 0 or key_of(word) not in STAGES]


def parse_names(names: pd.Series) -> pd.DataFrame:
    """Parse a column of names: one text column per attribute of `ScientificName`, and a boolean `is_referable`.

    Each different text is parsed once, so a million rows of ten thousand species take about a second.
    """
    codes, unique = pd.factorize(names.astype("str").fillna(""))
    parsed = [parse_name(str(text)) for text in unique]
    parts = {f.name: pd.Series([getattr(p, f.name) for p in parsed], dtype="str") for f in fields(ScientificName)}
    table = pd.DataFrame(parts).assign(is_referable=[p.is_referable for p in parsed])
    return table.take(codes).set_axis(names.index)
