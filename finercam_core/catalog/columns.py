"""The canonical columns of a catalog: their Darwin Core names, what sources call them, and what they must hold."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import pandera.pandas as pa

# Headings of tables in German, French, Spanish, Portuguese, Italian and Dutch.
_OTHER_LANGUAGES: dict[str, tuple[str, ...]] = {
    "scientificName": (
        "wissenschaftlicher_name", "artname", "art", "nom_scientifique", "espèce", "espece", "nombre_científico",
        "nombre_cientifico", "especie", "nome_científico", "nome_cientifico", "espécie", "nome_scientifico", "specie",
        "wetenschappelijke_naam", "soort",
    ),
    "family": ("familie", "famille", "familia", "família", "famiglia"),
    "genus": ("gattung", "genre", "género", "genero", "gênero", "genere", "geslacht"),
    "infraspecificEpithet": ("unterart", "sous-espèce", "subespecie", "subespécie", "sottospecie", "ondersoort"),
    "vernacularName": ("deutscher_name", "trivialname", "nom_vernaculaire", "nom_commun", "nombre_común", "nome_comum"),
    "path": (
        "bilddatei", "dateiname", "datei", "bild", "foto", "fichier", "nom_du_fichier", "archivo", "imagen",
        "fotografía", "arquivo", "imagem", "immagine", "bestand", "bestandsnaam", "afbeelding",
    ),
    "subjectOrientation": ("ansicht", "vue", "vista", "aanzicht"),
    "license": ("lizenz", "licencia", "licença", "licenza", "licentie"),
}  # fmt: skip
# One row of this table is one column of `Catalog.specimens`; "" stands for unknown in all of them.
ALIASES: dict[str, tuple[str, ...]] = {
    "image_id": ("imageid", "id", "uuid", "gbifid", "coreid", "identifier", "filename", "file_name"),
    "scientificName": (
        "scientific_name",
        "species",
        "species_name",
        "latin_name",
        "binomial",
        "taxon_name",
        "standardized_species",
        "label",
        "class",
        "taxon",
        "name",
    ),
    "family": ("family_name",),
    "genus": ("genus_name",),
    "specificEpithet": ("specific_epithet", "epithet"),
    "infraspecificEpithet": ("subspecies", "infraspecific_epithet"),
    "order": ("order_name",),
    "taxonRank": ("taxon_rank", "rank"),
    "vernacularName": ("common_name", "common", "vernacular"),
    "split": ("set", "subset", "partition"),
    "path": (
        "file_name",
        "filename",
        "file",
        "filepath",
        "file_path",
        "image",
        "image_path",
        "image_file",
        "filepaths",
    ),
    "accessURI": ("url", "uri", "image_url", "goodqualityaccessuri", "identifier", "source_url", "image_urls"),
    "maskURI": ("mask", "mask_path", "segmentation"),
    "catalogNumber": ("catalog_number", "accession"),
    "subjectOrientation": ("view", "orientation", "aspect"),
    "boundingBox": ("bounding_box", "bbox", "box"),
    "license": ("licence", "rights", "copyright_license", "copyright_licenses", "license_name"),
    "rightsHolder": ("rights_holder", "owner", "copyright_holder", "copyright_holders"),
    "hashFunction": ("hash_function",),
    "hashValue": ("hash_value", "md5", "sha256", "checksum"),
    "pixelsPerMillimetre": (
        "pixels_per_mm",
        "px_per_mm",
        "pixels_per_millimeter",
        "pixel_per_mm",
        "scale_px_per_mm",
        "ppmm",
    ),
    "group_id": ("groupid", "source_filename", "occurrenceid", "specimen_id", "specimen", "catalognumber", "processid"),
}
ALIASES |= {term: (*ALIASES[term], *names) for term, names in _OTHER_LANGUAGES.items()}
TERMS = tuple(ALIASES)
PICTURE_ENDING = r"\.(?:jpe?g|png|tiff?|webp|bmp|gif|jp2)(?:[?#].*)?$"
LOCATIONS = ("path", "accessURI", "maskURI")
SPLITS = ("train", "val", "test")

HASHES = ("md5", "sha1", "sha256", "sha512")
_DIGEST = r"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{128})?"
_POSITIVE = r"(?:(?=.*[1-9])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)?"
_BOX = r"(?:-?\d+(?:\.\d+)?(?:,-?\d+(?:\.\d+)?){3})?"
# Without these a row cannot be used; a wrong value in any other column only costs that value.
REQUIRED = ("scientificName", "place")
_SPLIT_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val"}
_SPLIT_NAMES |= {"test": "test", "testing": "test", "eval": "test", "": ""}


def plain(name: str) -> str:
    """A column name without case, separators and namespace, for matching: `dwc:scientificName` → `scientificname`."""
    return re.sub(r"[\s_.-]+", "", re.split(r"[:/#]", name)[-1]).lower()


def guess_columns(columns: Iterable[str]) -> dict[str, str]:
    """Map canonical terms to the columns of a table that carry their name or one of its aliases."""
    present = {plain(c): c for c in reversed(list(columns))}
    if "kingdom" in present or "phylum" in present:
        present.pop("class", None)  # there it is a rank, not a label
    guessed: dict[str, str] = {}
    for term, aliases in ALIASES.items():
        names = (plain(n) for n in (term, *aliases))
        source = next((present[n] for n in names if n in present), None)
        if source is not None:
            guessed[term] = source
    return guessed


def split_name(text: str) -> str | None:
    """`train`, `val`, `test` or "" for the many words that mean them; None for any other word."""
    return _SPLIT_NAMES.get(text.strip().lower())


def image_locations(specimens: pd.DataFrame) -> pd.Series:
    """Where the image of each row lies: its `path` below the root, or its `accessURI` if it has no path."""
    locations: pd.Series = specimens["path"].where(specimens["path"] != "", specimens.get("accessURI", ""))
    return locations


def image_location(row: "Mapping[str, str] | pd.Series") -> str:
    """Where the image of one row lies, as in `image_locations`."""
    return str(row["path"] or row["accessURI"])


@lru_cache(maxsize=1)
def _schema() -> "pa.DataFrameSchema":
    """The schema; pandera is imported here because it takes a second, which opening a folder need not pay."""
    import pandera.pandas as pa

    def filled(error: str) -> pa.Check:
        return pa.Check(lambda values: values != "", error=error)

    checks = {
        "scientificName": filled("the row names no species"),
        "place": filled("the row has neither a path nor an accessURI"),
        "hashFunction": pa.Check.isin(["", *HASHES], error=f"not one of {', '.join(HASHES)}"),
        "hashValue": pa.Check.str_matches(rf"{_DIGEST}$", error="not a hexadecimal digest"),
        "pixelsPerMillimetre": pa.Check.str_matches(rf"{_POSITIVE}$", error="not a number above 0"),
        "boundingBox": pa.Check.str_matches(rf"{_BOX}$", error="not x,y,width,height in pixels"),
    }
    return pa.DataFrameSchema({name: pa.Column(checks=check, required=False) for name, check in checks.items()})


def schema_faults(table: pd.DataFrame) -> pd.DataFrame:
    """Cells that do not fit.

    Parameters
    ----------
    table : DataFrame
        Canonical columns as text, with `place`, the image's path or address.

    Returns
    -------
    DataFrame with the columns index (row label), term and reason.
    """
    from pandera.errors import SchemaErrors

    checked = [name for name in _schema().columns if name in REQUIRED or (name in table and (table[name] != "").any())]
    try:
        _schema().select_columns(checked).validate(table[checked], lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        return pd.DataFrame({"index": cases["index"], "term": cases["column"], "reason": cases["check"]})
    return pd.DataFrame(columns=["index", "term", "reason"])
