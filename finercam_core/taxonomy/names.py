"""Scientific names as museum tables have them: cleaned and taken apart, never merged by spelling.

The good parsers of scientific names are web services or programs in other languages, or merge names that are not the
same (docs/decisions/0008-names.md), so this one is our own. It covers what specimen tables hold: authorship, case,
subgenera, trinomials, rank markers, open nomenclature, hybrids.
"""

import re
import unicodedata
from dataclasses import dataclass, field, fields

import pandas as pd

_PLACEHOLDERS = frozenset(
    [
        *("", "-", "--", "?", ".", "na", "n/a", "nan", "none", "null", "nil", "no data", "no name", "incertae sedis"),
        *("unknown", "unidentified", "undetermined", "unspecified", "indet", "indet.", "not determined"),
    ]
)
_OPEN = frozenset(["sp", "spp", "spec", "indet", "ined", "gen"])
_DOUBT = {"cf": "cf.", "aff": "aff.", "nr": "nr.", "near": "near", "prope": "prope", "or": "or", "vel": "or"}
_NEW = frozenset(["n", "nov", "nova"])
_NEW_SPECIES = frozenset(["n.sp", "sp.n", "sp.nov", "nov.sp", "nov.spec", "spec.nov"])
_GROUP = frozenset(["group", "complex", "agg", "gr", "species-group", "superspecies"])
_RANKS = {
    **dict.fromkeys(["subsp", "ssp"], ("subspecies", "")),
    **dict.fromkeys(["var", "variety"], ("variety", "var.")),
    **dict.fromkeys(["f", "fo", "forma", "form"], ("form", "f.")),
    **dict.fromkeys(["subvar"], ("subvariety", "subvar.")),
    **dict.fromkeys(["morph", "ab"], ("form", "morph")),
}
_AUTHOR_WORDS = frozenset(
    [
        *("de", "da", "di", "do", "du", "del", "della", "des", "la", "le", "van", "von", "vom", "zu", "der", "den"),
        *("ter", "et", "and", "ex", "in", "bin", "ben", "non", "nec", "not", "sensu", "auct", "auctt", "emend"),
        *("nom", "nomen"),
    ]
)
_SUFFIX_RANKS = (
    (("idae", "aceae"), "family"),
    (("inae",), "subfamily"),
    (("oidea",), "superfamily"),
    (("iformes",), "order"),
)
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_CROSS = ("×", "x", "X")
_YEAR = re.compile(r"[(\[]?1[5-9]\d\d|[(\[]?20\d\d")
_TAG = re.compile(r"</?[A-Za-z]{1,6}>")
_QUOTES = str.maketrans(dict.fromkeys("‘’‚`´ʼ", "'") | dict.fromkeys("“”„«»", '"'))
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True)
class ScientificName:
    """A scientific name taken apart; the attributes are Darwin Core terms where there is one.

    Parameters
    ----------
    canonical : str
        The cleaned name without authorship, the key of a class: genus capitalised, epithets in lower case. Empty
        when the text names nothing ("unknown", "n/a").
    genus, specificEpithet, infraspecificEpithet : str
        Parts, empty where absent.
    taxonRank : str
        "species", "subspecies", "variety", "form", "genus", "family" …; empty when it cannot be told.
    scientificNameAuthorship : str
        What followed the name.
    qualifier : str
        Why this is not the name of one formally named species: "sp.", "cf.", "aff.", "×", "group", "informal";
        empty for an ordinary name.
    """

    canonical: str = ""
    genus: str = ""
    specificEpithet: str = ""
    infraspecificEpithet: str = ""
    taxonRank: str = ""
    scientificNameAuthorship: str = ""
    qualifier: str = ""

    @property
    def is_referable(self) -> bool:
        """Whether other species may be compared with this one: a formal name of a species or below."""
        return bool(self.specificEpithet) and not self.qualifier


def is_referable(name: str) -> bool:
    """Whether a name can be a reference: false for one word, sp., cf., aff., ×, groups and informal names."""
    return parse_name(name).is_referable


def clean_text(text: str) -> str:
    """Unicode NFC, straight quotes, no tags or invisible characters, single spaces, no quotes around the whole."""
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
    text = clean_text(text).replace("×", " × ")
    if " " not in text.strip():
        text = text.replace("_", " ")
    # "n/a" is a word of its own.
    text = " ".join((text.replace("\\", "/").replace("/", " or ") if len(text) > 4 else text).split())
    if text.lower() in _PLACEHOLDERS or not any(c.isalpha() for c in text):
        return ScientificName()
    words = text.split()
    sign = words[0] in _CROSS and len(words) > 1
    words = words[1:] if sign else words
    genus = words[0].rstrip(",;")
    if not any(c.isalpha() for c in genus):  # a sign of hybrids before figures or marks names nothing
        return ScientificName(canonical="" if sign else text, qualifier="" if sign else "informal")
    if not _WORD.fullmatch(genus):
        return ScientificName(canonical=text, qualifier="informal")
    upper = text == text.upper()
    if upper:
        words = [w.lower() for w in words]
    return _Reader(genus.capitalize(), words[1:], "×" if sign else "", upper).name()


def parse_names(names: pd.Series) -> pd.DataFrame:
    """Parse a column of names: one text column per attribute of `ScientificName`, and a boolean `is_referable`.

    Each different text is parsed once, so a million rows of ten thousand species take about a second.
    """
    codes, unique = pd.factorize(names.astype("str").fillna(""))
    parsed = [parse_name(str(text)) for text in unique]
    parts = {f.name: pd.Series([getattr(p, f.name) for p in parsed], dtype="str") for f in fields(ScientificName)}
    table = pd.DataFrame(parts).assign(is_referable=[p.is_referable for p in parsed])
    return table.take(codes).set_axis(names.index)


@dataclass
class _Reader:
    """Reads the words after the genus from left to right."""

    genus: str
    words: list[str]
    qualifier: str = ""
    upper: bool = False
    epithets: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    rank: str = ""
    authorship: str = ""

    def name(self) -> ScientificName:
        self._skip_subgenus()
        while self.words and self._take():
            pass
        self._find_cross()
        if self.epithets:
            self._find_rank_marker()
        self.authorship = " ".join(self.words)
        return self._result()

    def _skip_subgenus(self) -> None:
        if len(self.words) > 1 and re.fullmatch(r"\([^\W\d_]+\)", self.words[0]) and not self._is_author(1):
            del self.words[0]

    def _take(self) -> bool:  # noqa: PLR0911 - one exit per kind of word
        """Consume one word if it belongs to the name; False ends the name (authorship follows)."""
        word, key = self.words[0], self.words[0].strip(".,;:?").lower()
        if word in _CROSS:
            return self._take_hybrid()
        if key in _NEW_SPECIES or (key in _NEW and self._key(1) in _OPEN) or (self.epithets and key in _OPEN):
            # A new species: named ("Aus bus sp. nov."), or not yet ("Aus n. sp.").
            return False if self.epithets else self._take_open(f"{key}.")
        if key in _DOUBT:
            return self._keep(_DOUBT[key], "informal" if _DOUBT[key] == "or" else _DOUBT[key])
        if word == "?":
            return self._keep("?", "?")
        if not self.epithets and key in _OPEN:
            return self._take_open(f"{key}.")
        if self.epithets and key in _GROUP:
            return self._keep(key, "group")
        if self.epithets and key in _RANKS:
            return False
        if self._is_author(0) or (len(self.epithets) > 1 and word[0].isupper()):
            return False
        return self._take_epithet(word)

    def _key(self, i: int) -> str:
        return self.words[i].strip(".,;:?").lower() if i < len(self.words) else ""

    def _keep(self, shown: str, qualifier: str) -> bool:
        self.qualifier = self.qualifier or qualifier
        self.shown.append(shown)
        del self.words[0]
        return True

    def _take_hybrid(self) -> bool:
        """The parents of a hybrid formula are both kept, without their authors."""
        rest = self.words[1:]
        if rest and not any(word in _CROSS for word in rest):
            own = rest[0][0].isupper()  # a genus of its own
            other = parse_name(" ".join(rest if own else [self.genus, *rest])).canonical.split()
            rest = other if own else other[1:] or rest
        self.qualifier, self.words = "×", []
        self.shown += ["×", *rest]
        self.epithets += [rest[0]] if len(rest) == 1 and not self.epithets else []
        return False

    def _take_open(self, shown: str) -> bool:
        """`sp. 1`, `sp. A`: the number or letter is what tells two unnamed species apart, so it stays."""
        self.qualifier = "sp."
        self.shown += [shown, *self.words[1:]]
        self.words = []
        return False

    def _take_epithet(self, word: str) -> bool:
        plain = word.rstrip(",;?.")
        if not _WORD.fullmatch(plain) or len(plain) < 2 or len(self.epithets) > 1:
            return self._take_informal(word)
        doubt = "?" if word.endswith("?") else ""
        self.epithets.append(plain.lower())
        return self._keep(plain.lower() + doubt, doubt)

    def _take_informal(self, word: str) -> bool:
        """A word with digits, quotes or underscores, or one epithet too many, is informal; it is kept as written."""
        self.epithets.append(word)
        return self._keep(word, "informal")

    def _is_author(self, i: int) -> bool:
        """Whether the word at `i` starts the authorship rather than being an epithet."""
        word = self.words[i]
        following = self.words[i + 1] if i + 1 < len(self.words) else ""
        if word in ("v.", "V.") and following[:1].isupper():  # von, van
            return True
        if word[0] in "([&" or _YEAR.match(word) or word.lower().rstrip(".") in _AUTHOR_WORDS:
            return True
        if word[0].islower() and not (self.upper and self.epithets):
            return False
        named = word[0].isupper() and bool(self.epithets) and not self._title_case
        signs = word[-1] in ".," or following in ("&", "et", "and", "ex", "in") or bool(_YEAR.match(following))
        return named or signs

    def __post_init__(self) -> None:
        self._title_case = bool(self.words) and self.words[0][:1].isupper()

    def _find_cross(self) -> None:
        """`Aus bus L. × Aus cus L.`: the cross of a formula may come after the first parent's author."""
        crosses = [i for i, word in enumerate(self.words[:-1]) if word in _CROSS]
        if crosses and self.epithets:
            self.words = self.words[crosses[0] :]
            self._take_hybrid()

    def _find_rank_marker(self) -> None:
        """`Aus bus L. var. cus`: the marker may come after the species' author."""
        for i, word in enumerate(self.words[:-1]):
            epithet = self.words[i + 1].rstrip(",;")
            if word.lower().rstrip(".") in _RANKS and _WORD.fullmatch(epithet) and epithet == epithet.lower():
                self.rank, marker = _RANKS[word.lower().rstrip(".")]
                self.epithets = [self.epithets[0], epithet]
                self.shown += [marker, epithet] if marker else [epithet]
                self.words = self.words[i + 2 :]
                return

    def _result(self) -> ScientificName:
        higher = next((r for ends, r in _SUFFIX_RANKS if self.genus.endswith(ends)), "")
        if not self.shown or higher:
            rank = higher or "genus"
        elif "or" in self.shown:
            rank = ""
        else:
            rank = self.rank or {0: "genus", 1: "species", 2: "subspecies"}.get(len(self.epithets), "")
        return ScientificName(
            canonical=" ".join(self._canonical_words()),
            genus="" if higher else self.genus,
            specificEpithet=self.epithets[0] if self.epithets and not higher else "",
            infraspecificEpithet=self.epithets[1] if len(self.epithets) > 1 and not higher else "",
            taxonRank=rank,
            scientificNameAuthorship=self.authorship,
            qualifier=self.qualifier,
        )

    def _canonical_words(self) -> list[str]:
        leading = ["×"] if self.qualifier == "×" and "×" not in self.shown else []
        return [*leading, self.genus, *self.shown]
