"""The words of a scientific name, read from left to right."""

import re
from dataclasses import dataclass, field

from finercam_core.taxonomy.name_words import (
    AUTHOR_WORDS,
    BROAD,
    CLEAR_REMARKS,
    CROSS,
    DOUBT,
    GROUP,
    NEW,
    NEW_SPECIES,
    NO_TAXON,
    OPEN,
    PARTICLES,
    RANKS,
    REMARKS,
    SECTIONS,
    STRAINS,
    SUBGENUS_MARKERS,
    SUFFIX_RANKS,
    UNNAMED,
    WORD,
    YEAR,
    is_authorship,
    is_elided,
    key_of,
)
from finercam_core.taxonomy.scientific_name import ScientificName

# `4-gibbus` as well as `quadrigibbus`.
_EPITHET = re.compile(rf"(?:\d+-)?{WORD.pattern}")


@dataclass
class NameReader:
    """Reads the words after the genus from left to right.

    Parameters
    ----------
    genus : str
        Capitalised.
    words : list of str
        What follows it; they are consumed.
    qualifier : str
        "×" for the name of a hybrid genus.
    upper : bool
        Whether the whole text was in capitals.
    """

    genus: str
    words: list[str]
    qualifier: str = ""
    upper: bool = False
    epithets: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    rank: str = ""
    authorship: str = ""
    subgenus: str = ""
    is_whole: bool = False
    is_section: bool = False

    def name(self) -> ScientificName:
        """The name; a text of which something is left that tells taxa apart is kept whole."""
        written = [self.genus, *self.words]
        self.is_whole = (self.genus.endswith("ed") and "-" in self.genus) or self.genus.endswith("'s")
        self._skip_subgenus()
        self._find_section()
        while self.words and not self.is_section and self._take():
            pass
        self._find_cross()
        while self.epithets and self._find_rank_marker():
            pass
        if self.is_whole or not (self.upper or is_authorship(self.words)):
            doubt = self.qualifier or "informal"
            return ScientificName(" ".join(written), self.genus, "", "", "", "", doubt)
        self.authorship = " ".join(self.words)
        return self._result()

    def _skip_subgenus(self) -> None:
        """A subgenus is left out before an epithet; where none follows it is all that tells taxa apart."""
        if key_of(self.words[0] if self.words else "") in SUBGENUS_MARKERS and len(self.words) > 1:
            self.subgenus, self.words = f"({key_of(self.words[1]).capitalize()})", self.words[2:]
            return
        if self.words and re.fullmatch(r"\([^\W\d_]+\.?\)", self.words[0]) and not self._is_its_author():
            self.subgenus = self.words.pop(0)

    def _is_its_author(self) -> bool:
        """Whether the word in parentheses after the genus is its first author: with a dot, or the second again."""
        word = self.words[0].strip("()")
        return len(self.words) > 1 and (word == self.words[1] or (word.endswith(".") and self._is_author(1)))

    def _find_section(self) -> None:
        """`Cordia sect. Salimori`, `Cordia L. sect. Salimori`: a rank above the species, and the name at it."""
        for i, word in enumerate(self.words[:-1]):
            following = self.words[i + 1]
            if word[0].islower() and key_of(word) in SECTIONS and (word.endswith(".") or following[:1].isupper()):
                self.is_whole = not is_authorship(self.words[:i])
                self.rank, marker = SECTIONS[key_of(word)]
                self.shown += [marker, following.rstrip(",;").capitalize()]
                self.words = self.words[i + 2 :]
                self.is_section = True
                return

    def _take(self) -> bool:  # noqa: PLR0911 - one exit per kind of word
        """Consume one word if it belongs to the name; False ends the name (authorship follows)."""
        word, key = self.words[0], self.words[0].strip(".,;:?").lower()
        if word in CROSS:
            return self._take_hybrid()
        if word[0] in "'\"" or key in ("cv", "cultivar"):
            return self._take_cultivar()
        if key in NEW_SPECIES or (key in NEW and self._key(1) in OPEN) or (self.epithets and key in OPEN):
            # A new species: named ("Aus bus sp. nov."), or not yet ("Aus n. sp.").
            return False if self.epithets else self._take_open(f"{key}.")
        if key in DOUBT:
            return self._keep(DOUBT[key], "informal" if DOUBT[key] == "or" else DOUBT[key])
        if word == "?":
            return self._keep("?", "?")
        if not self.epithets and key in OPEN:
            return self._take_open(key if key in UNNAMED else f"{key}.")
        if self.epithets and key in GROUP:
            return self._keep(key, "group")
        if self.epithets and (key in RANKS or key in BROAD or key in REMARKS):
            return False
        if self._is_author(0) or (len(self.epithets) > 1 and word[0].isupper()):
            # "Leptonetela la Wang": an epithet, or an author's particle; nobody can tell.
            self.is_whole |= not self.epithets and key not in CLEAR_REMARKS and key in AUTHOR_WORDS | PARTICLES
            return False
        if not self.epithets and key in PARTICLES and self.words[1:] and self.words[1][0].isupper():
            self.is_whole = True
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
        if rest and not any(word in CROSS for word in rest):
            own = rest[0][0].isupper()  # a genus of its own
            words = rest if own else [self.genus, *rest]
            other = NameReader(words[0].capitalize(), words[1:]).name().canonical.split()
            rest = other if own else other[1:] or rest
        self.qualifier, self.words = "×", []
        self.shown += ["×", *rest]
        self.epithets += [rest[0]] if len(rest) == 1 and not self.epithets else []
        return False

    def _take_cultivar(self) -> bool:
        """`'Golden Gem'`, `cv. Golden Gem`: the rest as it is written."""
        self.qualifier = self.qualifier or "cultivar"
        self.shown += self.words
        self.words = []
        return False

    def _take_open(self, shown: str) -> bool:
        """`sp. 1`, `sp. A`: the number or letter is what tells two unnamed species apart, so it stays."""
        self.qualifier = "sp."
        self.shown += [shown, *self.words[1:]]
        self.words = []
        return False

    def _take_epithet(self, word: str) -> bool:
        plain = word.rstrip(",;?.")
        if plain.lower() in STRAINS or NO_TAXON.fullmatch(plain.lower()) or not any(map(str.isalnum, word)):
            self.is_whole = True
            return False
        if not _EPITHET.fullmatch(plain) or len(plain) < 2 or len(self.epithets) > 1:
            return self._take_informal(word)
        # White breasted, red winged: the participles of common names.
        self.is_whole = self.is_whole or (not self.epithets and plain.endswith("ed"))
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
        if self.epithets and key_of(word) in PARTICLES and following[:1].isupper():
            return True
        if is_elided(word) or (self.upper and self.epithets and re.match(r"[do]'", word)):
            return True
        if word[0] in "([&" or YEAR.match(word) or word.lower().rstrip(".") in AUTHOR_WORDS:
            return True
        if word[0].islower() and not (self.upper and self.epithets):
            return False
        named = word[0].isupper() and bool(self.epithets) and not self._title_case
        signs = (
            word[-1] in ".," or following in ("&", "et", "and", "ex", "in", "und", "y") or bool(YEAR.match(following))
        )
        return named or signs

    def __post_init__(self) -> None:
        self._title_case = bool(self.words) and self.words[0][:1].isupper()

    def _find_cross(self) -> None:
        """`Aus bus L. × Aus cus L.`: the cross of a formula may come after the first parent's author."""
        crosses = [i for i, word in enumerate(self.words[:-1]) if word in CROSS]
        if crosses and not self.is_whole:
            self.is_whole = not (self.upper or is_authorship(self.words[: crosses[0]]))
            self.words = self.words[crosses[0] :]
            self._take_hybrid()

    def _find_rank_marker(self) -> bool:
        """`Aus bus L. var. cus`: the marker may come after the species' author, and another one after the epithet."""
        for i, word in enumerate(self.words[:-1]):
            following = self.words[i + 1]
            epithet = following.rstrip(",;")
            if key_of(word) not in RANKS or key_of(epithet) in AUTHOR_WORDS:
                continue
            if key_of(word) == "f" and key_of(following) == "sp" and i + 2 < len(self.words):
                return self._take_marked("forma specialis", "f. sp.", self.words[i + 2].rstrip(",;"), i + 3)
            if WORD.fullmatch(epithet) and epithet == epithet.lower():
                self.is_whole |= not (self.upper or is_authorship(self.words[:i]))
                return self._take_marked(*RANKS[key_of(word)], epithet, i + 2)
        return False

    def _take_marked(self, rank: str, marker: str, epithet: str, end: int) -> bool:
        self.rank = rank
        self.epithets = [self.epithets[0], epithet]
        self.shown += [marker, epithet] if marker else [epithet]
        self.words = self.words[end:]
        return True

    def _result(self) -> ScientificName:
        higher = next((r for ends, r in SUFFIX_RANKS if self.genus.endswith(ends)), "")
        if higher != "family" and self.epithets:
            higher = ""  # genera may end so too: Ustilaginoidea
        if self.subgenus and not self.epithets:
            self.shown.insert(0, self.subgenus)
        if self.shown == [self.subgenus]:
            rank = "subgenus"
        elif self.is_section:
            rank = self.rank
        elif not self.shown or higher:
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
