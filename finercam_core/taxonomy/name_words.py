"""Words of scientific names that are not epithets: ranks, doubts, authors' particles, placeholders, stages of life."""

import re

PLACEHOLDERS = frozenset(
    [
        *("", "-", "--", "?", ".", "na", "n/a", "nan", "none", "null", "nil", "no data", "no name", "incertae sedis"),
        *("unknown", "unidentified", "undetermined", "unspecified", "indet", "indet.", "not determined", "tbd"),
        "n.a.",
        *("species unknown", "sp. unknown", "to be determined", "to be identified", "unknown sp.", "unknown spp."),
    ]
)
# "Unknown species", "unidentified fish": whatever follows, no taxon is named.
UNNAMED = frozenset(
    ["unknown", "unidentified", "undetermined", "unspecified", "indeterminate", "unclassified", "unnamed", "unsorted"]
)
_NOT_GIVEN = (
    "recorded|classified|determined|identified|available|known|applicable|given|stated|specified|assigned|provided|sure"
)
NOTHING = re.compile(
    rf"(?:not|no|never)[ _-](?:yet )?(?:{_NOT_GIVEN}|id|name|data|species|match|information|taxon)\b.*"
)
OPEN = frozenset(["sp", "spp", "spec", "species", "indet", "ined", "gen", "unknown", "unidentified", "undetermined"])
DOUBT = {"cf": "cf.", "aff": "aff.", "nr": "nr.", "near": "near", "prope": "prope", "or": "or", "vel": "or"}
NEW = frozenset(["n", "nov", "nova"])
NEW_SPECIES = frozenset(["n.sp", "sp.n", "sp.nov", "nov.sp", "nov.spec", "spec.nov"])
GROUP = frozenset(["group", "complex", "agg", "gr", "species-group", "superspecies"])
RANKS = {
    **dict.fromkeys(["subsp", "ssp", "subspec", "subspecies"], ("subspecies", "")),
    **dict.fromkeys(["nothosubsp", "nothossp"], ("nothosubspecies", "nothosubsp.")),
    **dict.fromkeys(["agamosp", "agamospecies"], ("agamospecies", "agamosp.")),
    **dict.fromkeys(["var", "variety", "varietas"], ("variety", "var.")),
    **dict.fromkeys(["nothovar", "nvar"], ("nothovariety", "nothovar.")),
    **dict.fromkeys(["agamovar"], ("agamovariety", "agamovar.")),
    **dict.fromkeys(["convar"], ("convariety", "convar.")),
    **dict.fromkeys(["f", "fo", "fa", "fm", "fma", "forma", "form"], ("form", "f.")),
    **dict.fromkeys(["nothof"], ("nothoform", "nothof.")),
    **dict.fromkeys(["subvar"], ("subvariety", "subvar.")),
    **dict.fromkeys(["subf"], ("subform", "subf.")),
    **dict.fromkeys(["morph"], ("morph", "morph")),
    **dict.fromkeys(["ab"], ("aberration", "ab.")),
    **dict.fromkeys(["natio", "nat"], ("natio", "natio")),
    **dict.fromkeys(["prol", "proles"], ("proles", "prol.")),
    **dict.fromkeys(["pv", "pathovar"], ("pathovar", "pv.")),
}
# Ranks between genus and species, and above the genus: the name after them is what tells taxa apart.
SECTIONS = {
    **dict.fromkeys(["sect", "section"], ("section", "sect.")),
    **dict.fromkeys(["subsect", "subsection"], ("subsection", "subsect.")),
    **dict.fromkeys(["ser", "series"], ("series", "ser.")),
    **dict.fromkeys(["subser"], ("subseries", "subser.")),
    **dict.fromkeys(["nothosect"], ("nothosection", "nothosect.")),
    **dict.fromkeys(["nothoser"], ("nothoseries", "nothoser.")),
    **dict.fromkeys(["tr", "trib", "tribe", "tribus"], ("tribe", "trib.")),
    **dict.fromkeys(["subtr", "subtrib"], ("subtribe", "subtrib.")),
    **dict.fromkeys(["supertrib"], ("supertribe", "supertrib.")),
    **dict.fromkeys(["subfam"], ("subfamily", "subfam.")),
    **dict.fromkeys(["div"], ("division", "div.")),
    **dict.fromkeys(["unr"], ("unranked", "unr.")),
}
# Below the species without a name of its own, or no taxon of the code at all: such a text stays as it is written.
STRAINS = frozenset(
    [
        *("serovar", "serotype", "serogroup", "biovar", "biotype", "phagovar", "chemovar", "strain", "str", "isolate"),
        *("clone", "clade", "lineage", "haplotype", "morphotype", "ecotype", "genotype", "race", "breed", "biome"),
        *(
            "cohort",
            "line",
            "stock",
            "colour",
            "color",
            "phase",
            "hybrid",
            "mihi",
            "nobis",
            "npv",
            "mnpv",
            "snpv",
            "gv",
        ),
        *("of", "the", "with", "without", "from", "by", "on", "at", "for", "like", "and"),
        *("eel", "silversword", "salmon", "fish", "bird"),
    ]
)
NO_TAXON = re.compile(
    r".*(?:virus(?:es)?|virions?|viroids?|phages?|plasmids?|vectors?|prions?|symbionts?|bacterium|phytoplasmas?"
    r"|particles?|satellites?)"
)
SUBGENUS_MARKERS = frozenset(["subg", "subgen", "subgenus"])
AUTHOR_WORDS = frozenset(
    [
        *("de", "da", "di", "do", "du", "del", "della", "des", "la", "le", "van", "von", "vom", "zu", "der", "den"),
        *("ter", "et", "and", "ex", "in", "bin", "ben", "non", "nec", "not", "sensu", "auct", "auctt", "emend"),
        *("nom", "nomen"),
    ]
)
# Authors only before a capital: as epithets these words would be conceivable.
PARTICLES = frozenset(
    [
        *("dos", "das", "ten", "te", "op", "y", "und", "e", "el", "af", "av", "auf", "dal", "dalla", "lo", "los"),
        *(
            "las",
            "dem",
            "delle",
            "dello",
            "degli",
            "ver",
            "san",
            "st",
            "zum",
            "zur",
            "'t",
            "v",
            "d",
            "i",
            "och",
            "og",
            "fil",
            "f",
        ),
    ]
)
# What follows these is a remark on the name, in any words.
REMARKS = frozenset(
    [
        *("sensu", "auct", "auctt", "non", "nec", "not", "nom", "nomen", "emend", "in", "comb", "stat", "pro", "orth"),
        *("anon", "sec", "ht", "fide", "filius", "ms"),
        *("partim", "hort", "ined", "publ", "int.f", "s.l", "s.lat", "s.str", "s.s", "s.ampl", "sens", "p.p", "apud"),
    ]
)
BROAD = frozenset(["s.l", "s.lat", "s.str", "s.s", "s.ampl", "sens.lat", "sens.str"])
# English words for what is seen, which no epithet is.
STAGES = frozenset(
    [
        *("male", "males", "female", "females", "juvenile", "juveniles", "juv", "adult", "adults", "larva", "larvae"),
        *("larval", "egg", "eggs", "pupa", "pupae", "immature", "subadult", "nymph", "nymphs", "imago", "unsexed"),
        *("worker", "queen", "soldier", "drone", "caterpillar", "chrysalis", "cocoon", "seedling", "specimen"),
        *("dorsal", "ventral", "♂", "♀", "♂♂", "♀♀"),
    ]
)
# Remarks that no epithet and no author is named after.
CLEAR_REMARKS = frozenset(["sensu", "auct", "auctt", "emend", "nom", "nomen", "orth", "comb", "stat", "hort", "anon"])
SUFFIX_RANKS = (
    (("idae", "aceae"), "family"),
    (("inae",), "subfamily"),
    (("oidea",), "superfamily"),
    (("iformes",), "order"),
)
KINGDOMS = frozenset(
    ["animalia", "plantae", "fungi", "chromista", "protozoa", "bacteria", "archaea", "metazoa", "protista", "viruses"]
)
WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
YEAR = re.compile(r"[(\[]?1[5-9]\d\d|[(\[]?20\d\d")
CROSS = ("×", "x", "X")
_INITIAL = re.compile(r"[A-Z]\.?")


def key_of(word: str) -> str:
    """A word without its punctuation and case."""
    return word.strip(".,;:?()[]").lower()


# PV, TX, II, ABC: letters of a strain, a place or a form; authors have a dot, a year or more letters.
_CODE = re.compile(r"(?!DC$)(?:[A-Z]{2,3}|[B-DF-HJ-NP-TV-Z]{2,}|[IVX]{2,})(?:-\w+)?")


def is_authorship(words: list[str]) -> bool:
    """Whether everything after a name can be its authors, their year, or a remark: then it tells no taxa apart."""
    for i, word in enumerate(words):
        key, following = key_of(word), words[i + 1] if i + 1 < len(words) else ""
        if key in REMARKS or key in NEW_SPECIES or (key in OPEN and key_of(following) in NEW):
            return True
        if key in NEW and key_of(following) in OPEN:
            return True
        if not _is_part_of_authorship(word, key, following):
            return False
    return True


def _is_part_of_authorship(word: str, key: str, following: str) -> bool:
    if _tells_apart(word, key, following):
        return False
    if not any(c.isalnum() for c in word) or YEAR.match(word.lstrip("([\"'")):
        return word[0] not in "#"
    if any(c.isdigit() for c in key):
        return False
    if re.fullmatch(r"[^\W\d_]", word):  # an initial has a dot, or a surname after it; "A" alone tells taxa apart
        return word == "L" or (word.islower() and key in PARTICLES) or following[:1].isupper()
    first = word.lstrip("([&\"'")[:1]
    return first.isupper() or key in AUTHOR_WORDS or key in PARTICLES or key in ("al", "alii") or is_elided(word)


def _tells_apart(word: str, key: str, following: str) -> bool:
    """Whether a word is that of a strain, a form or a place, or quoted: no author is written so."""
    if _CODE.fullmatch(word) and not (YEAR.match(following) or following in ("&", "et", "and", "ex", "in")):
        return True
    if (key in STRAINS and key != "and") or NO_TAXON.fullmatch(key):
        return True
    return word[0] in "'\"" and key not in PARTICLES


def is_elided(word: str) -> bool:
    """`d'Orbigny`, `l'Herminier`: an elided particle before a capital."""
    return bool(re.match(r"[(\[]?[a-z]{1,3}'[^\W\d_]", word)) and word[word.index("'") + 1].isupper()
