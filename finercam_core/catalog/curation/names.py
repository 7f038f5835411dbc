"""Names of the rows: put together from their parts, and kept apart where one text would stand for two taxa."""

import re

import pandas as pd

from finercam_core.taxonomy.ranks import nomenclatural_code

_MARKERS = {"variety": "var.", "varietas": "var.", "var.": "var.", "form": "f.", "forma": "f.", "f.": "f."}
_WHOLE_NAME = re.compile(r"[^\W\d_]+ [^\W\d_]+")
# Words with capitals and nothing that only authors have: no year, initial, comma or parenthesis.
_BARE = r"(?:[^\W\d_a-z][^\W\d_]+(?:[-'][^\W\d_]+)*)(?: [^\W\d_a-z][^\W\d_]+(?:[-'][^\W\d_]+)*)*"


def whole_names(specimens: pd.DataFrame) -> pd.Series:
    """Names as the rows give them, or put together from genus, epithets and rank where they stand in columns.

    Parameters
    ----------
    specimens : DataFrame
        With scientificName, genus, specificEpithet, infraspecificEpithet and taxonRank, "" where unknown.
    """
    name, genus, epithet = (specimens[t].str.strip() for t in ("scientificName", "genus", "specificEpithet"))
    # A million rows have far fewer different names.
    codes, different = pd.factorize(name)
    firsts = pd.Series(different, dtype="str").str.replace(r"\s.*$", "", regex=True).str.lower()
    starts = firsts.take(codes).set_axis(name.index)
    partial = (genus != "") & (name != "") & (starts != genus.str.lower())
    if not partial.any():
        whole = name.mask((name == "") & (genus != "") & (epithet != ""), genus + " " + epithet)
        return _with_infraspecific(whole, specimens)
    # `lucius`, `erato cyrbia`, `cf. lucius`, `sp. 1`, `Lucius`: no genus of its own stands before them.
    partial &= name.str.match(r"[a-z×?]") | (name.str.fullmatch(r"[A-Z][a-z]+") & (epithet.str.lower() == starts))
    partial &= ~name.str.contains(r"^[a-z]+\s+[a-z]+", regex=True) | ~_repeats(name, epithet)
    whole = name.mask(partial, genus + " " + name.str[:1].str.lower() + name.str[1:])
    parts = (name == "") & (genus != "") & (epithet != "")
    whole = whole.mask(parts, genus + " " + epithet)
    return _with_infraspecific(whole, specimens)


def _repeats(name: pd.Series, epithet: pd.Series) -> pd.Series:
    """Whether the second word of a name is the epithet that a column of its own gives."""
    second = name.str.replace(r"^\S*\s*(\S*).*$", r"\1", regex=True)
    return (epithet != "") & (second == epithet)


def _with_infraspecific(names: pd.Series, specimens: pd.DataFrame) -> pd.Series:
    """The epithet of a subspecies, variety or form, where the name is that of the species alone."""
    epithet = specimens["infraspecificEpithet"].str.strip()
    rank = specimens["taxonRank"].str.strip().str.lower()
    missing = (epithet != "") & names.str.fullmatch(_WHOLE_NAME.pattern) & (rank != "species")
    missing &= epithet.str.fullmatch(r"[a-z-]+")
    if not missing.any():
        return names
    marker = rank.map(lambda word: _MARKERS.get(word, ""))
    return names.mask(missing, names + " " + marker.where(marker == "", marker + " ") + epithet)


def kept_apart(verbatim: pd.Series, parsed: pd.DataFrame) -> pd.Series:
    """Canonical names, but the whole text where names differ in words that may or may not be authors.

    `White crested Ibis` and `White crested Heron` look like one binomial with two authors. Where the words after a name
    could be anything, differ within the collection, and occur nowhere with a year, a comma or in parentheses, nobody
    can tell, so these names stay as they are written.

    Parameters
    ----------
    verbatim : Series of str
    parsed : DataFrame
        From `finercam_core.taxonomy.names.parse_names`, with the same index.
    """
    canonical, author = parsed["canonical"], parsed["scientificNameAuthorship"]
    different = pd.DataFrame({"canonical": canonical, "author": author})[author != ""].drop_duplicates()
    bare = different["author"].str.fullmatch(_BARE)
    signed = " ".join(different.loc[~bare, "author"])
    known = frozenset(re.findall(r"[^\W\d_]{2,}", signed.lower()))
    ends_known = different["author"].str.lower().str.split().map(lambda words: words[-1] in known).astype(bool)
    doubtful = different[bare & ~ends_known]
    several = doubtful.assign(last=doubtful["author"].str.lower().str.split().str[-1].str[:4])
    counts = several.groupby("canonical")["last"].nunique()
    names = counts.index[counts > 1]
    if names.empty:
        return canonical
    unclear = canonical.isin(names) & author.isin(doubtful["author"])
    return canonical.mask(unclear, verbatim.str.split().str.join(" "))


def homonyms(specimens: pd.DataFrame) -> pd.Series:
    """Why a row is set aside because its name is also that of more rows under another code of nomenclature; else "".

    Parameters
    ----------
    specimens : DataFrame
        With scientificName, family and kingdom, "" where unknown.
    """
    code = nomenclatural_code(specimens["kingdom"], specimens["family"])
    known = pd.DataFrame({"name": specimens["scientificName"], "code": code})[code != ""]
    reasons = pd.Series("", index=specimens.index, dtype="str")
    several = known.groupby("name")["code"].nunique()
    known = known[known["name"].isin(several.index[several > 1])]
    if known.empty:
        return reasons
    most = known.value_counts().reset_index().drop_duplicates("name").set_index("name")["code"]
    minor = known[known["code"] != known["name"].map(most)]
    texts = minor["name"] + " is also the name of more images under the " + minor["name"].map(most) + " code; these are"
    reasons[minor.index] = texts + " of the " + minor["code"] + " one, and need a name of their own"
    return reasons
