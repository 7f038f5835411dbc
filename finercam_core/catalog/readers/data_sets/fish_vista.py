"""Fish-Vista: tables of three tasks with the same columns, images in chunks or flat, masks of nine traits."""

from collections.abc import Sequence

from finercam_core.catalog.columns import SPLITS
from finercam_core.catalog.file_index import FileIndex
from finercam_core.catalog.manifest import Masks, Table
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.catalog.trait_labels import FISH_TRAITS
from finercam_core.errors import CatalogError, counted
from finercam_core.io.addresses import join
from finercam_core.io.raw_tables import Notice
from finercam_core.io.tables import read_table

SIGN = "classification_train.csv"
# The order matters: an image of several tasks keeps the split that it has in the first.
TABLES = {
    **{f"classification_{split}.csv": split for split in SPLITS},
    "identification_train.csv": "train",
    "identification_val.csv": "val",
    "identification_test_insp.csv": "test",
    "identification_test_lvsp.csv": "test",
    **{f"segmentation_{split}.csv": split for split in SPLITS},
}
_COLUMNS = {
    "image_id": ["{filename:stem}"],
    "scientificName": ["standardized_species"],
    "family": ["family"],
    "license": ["license"],
    "rightsHolder": ["owner"],
    "group_id": ["source_filename"],
}
_NEEDED = ("filename", "standardized_species", "family", "license", "owner", "source_filename", "file_name")
_MASKS, _LABELS = "segmentation_masks", "seg_id_trait_map.json"


def find_tables(root: str) -> list[Table]:
    """Those of Fish-Vista's tables that lie in a folder, in the order of `TABLES`."""
    names = FileIndex(root).names("")
    return [Table(path=name, split=split) for name, split in TABLES.items() if name in names]


def read_fish_vista(root: str, tables: Sequence[Table] = ()) -> CatalogSource:
    """Read Fish-Vista from its folder, its hub address (`hf://datasets/imageomics/fish-vista`) or a copy of it.

    Parameters
    ----------
    root : str
    tables : sequence of Table, optional
        Some of its tables; all that are there by default.

    Raises
    ------
    CatalogError
        The folder cannot be listed, has none of Fish-Vista's tables, or one of them cannot be read.
    """
    # The root is listed in any case, so that an unreachable one is named itself and not one of its folders.
    present = find_tables(root)
    wanted = tables or present
    if not wanted:
        raise CatalogError(f"{root} has none of Fish-Vista's tables", f"give the folder that holds {SIGN}")
    files = FileIndex(root)
    chunked = any(name.startswith("chunk_") for name in files.names("Images"))
    columns = {**_COLUMNS, "path": ["Images/{file_name}" if chunked else "Images/{filename}"]}
    mapped = [
        MappedTable(read_table(join(root, table.path), name=table.path, columns=_NEEDED), columns, {}, table.split)
        for table in wanted
    ]
    labels = f"{_MASKS}/{_LABELS}" if _LABELS in files.names(_MASKS) else ""
    masks = Masks(path=f"{_MASKS}/images/{{image_id}}.png", labels=labels, uberon=dict(FISH_TRAITS))
    return CatalogSource("fish-vista", root, mapped, masks=masks, notices=[] if tables else _other_tables(files, root))


def _other_tables(files: FileIndex, root: str) -> list[Notice]:
    """Tables beside Fish-Vista's own, which nobody reads."""
    others = sorted(name for name in files.names("") if name.endswith(".csv") and name not in TABLES)
    text = f"{counted(len(others), 'table')} that Fish-Vista does not have: {', '.join(others)}"
    return [Notice("passed_over", root, len(others), text)] if others else []
