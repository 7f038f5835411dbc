"""The canonical columns of a catalog, by their Darwin Core and Audiovisual Core names, and what sources call them."""

import re
from collections.abc import Iterable

# One row of this table is one column of `Catalog.specimens`; "" stands for unknown in all of them.
ALIASES: dict[str, tuple[str, ...]] = {
    "image_id": ("imageid", "id", "uuid", "gbifid", "coreid", "identifier", "filename", "file_name"),
    "scientificName": ("scientific_name", "species", "standardized_species", "label", "class", "taxon", "name"),
    "family": (),
    "genus": (),
    "specificEpithet": ("specific_epithet", "epithet"),
    "infraspecificEpithet": ("subspecies", "infraspecific_epithet"),
    "order": (),
    "taxonRank": ("taxon_rank", "rank"),
    "vernacularName": ("common_name", "common", "vernacular"),
    "split": ("set", "subset", "partition"),
    "path": ("file_name", "filename", "file", "filepath", "file_path", "image", "image_path", "filepaths"),
    "accessURI": ("url", "uri", "image_url", "goodqualityaccessuri", "identifier", "source_url"),
    "maskURI": ("mask", "mask_path", "segmentation"),
    "catalogNumber": ("catalog_number", "accession"),
    "subjectOrientation": ("view", "orientation", "aspect"),
    "boundingBox": ("bounding_box", "bbox", "box"),
    "license": ("licence", "rights"),
    "rightsHolder": ("rights_holder", "owner"),
    "hashFunction": ("hash_function",),
    "hashValue": ("hash_value", "md5", "sha256", "checksum"),
    "group_id": ("groupid", "source_filename", "occurrenceid", "specimen_id", "specimen", "catalognumber"),
}
TERMS = tuple(ALIASES)
LOCATIONS = ("path", "accessURI", "maskURI")
SPLITS = ("train", "val", "test", "")

_SPLIT_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val"}
_SPLIT_NAMES |= {"test": "test", "testing": "test", "eval": "test", "": ""}


def plain(name: str) -> str:
    """A column name without case, separators and name space, for matching aliases: `dwc:scientificName` → same."""
    return re.sub(r"[\s_.-]+", "", re.split(r"[:/#]", name)[-1]).lower()


def guess_columns(columns: Iterable[str]) -> dict[str, str]:
    """Map canonical terms to the columns of a table that carry their name or one of its aliases."""
    present = {plain(c): c for c in reversed(list(columns))}
    if "kingdom" in present or "phylum" in present:
        present.pop("class", None)  # there it is a rank, not a label
    found: dict[str, str] = {}
    for term, aliases in ALIASES.items():
        names = (plain(n) for n in (term, *aliases))
        source = next((present[n] for n in names if n in present), None)
        if source is not None:
            found[term] = source
    return found


def split_name(text: str) -> str | None:
    """`train`, `val`, `test` or "" for the many words that mean them; None for any other word."""
    return _SPLIT_NAMES.get(text.strip().lower())
