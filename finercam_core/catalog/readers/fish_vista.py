"""Fish-Vista: tables of three tasks with the same columns, images in chunks or flat, masks of nine traits."""

from finercam_core.catalog.columns import SPLITS
from finercam_core.catalog.listing import Listing
from finercam_core.catalog.manifest import Masks, Table
from finercam_core.catalog.source import Part, Source
from finercam_core.catalog.trait_labels import FISH_TRAITS
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import join
from finercam_core.io.tables import read_table

SIGN = "classification_train.csv"
# In this order: an image of several tasks keeps the split that it has in the first.
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
_MASKS = "segmentation_masks"


def read_fish_vista(root: str, tables: list[Table] | None = None) -> Source:
    """Read Fish-Vista from its folder, its hub address (`hf://datasets/imageomics/fish-vista`) or a copy of it.

    Parameters
    ----------
    root : str
    tables : list of Table, optional
        Some of its tables; all that are there by default.
    """
    listing = Listing(root)
    there = listing.names("")
    wanted = tables or [Table(path=name, split=split) for name, split in TABLES.items() if name in there]
    if not wanted:
        raise CatalogError(f"{root} has none of Fish-Vista's tables", f"give the folder that holds {SIGN}")
    chunked = any(name.startswith("chunk_") for name in listing.names("Images"))
    columns = {**_COLUMNS, "path": ["Images/{file_name}" if chunked else "Images/{filename}"]}
    needed = ["filename", "standardized_species", "family", "license", "owner", "source_filename", "file_name"]
    parts = [
        Part(read_table(join(root, table.path), name=table.path, columns=needed), columns, {}, table.split)
        for table in wanted
    ]
    labels = f"{_MASKS}/seg_id_trait_map.json" if "seg_id_trait_map.json" in listing.names(_MASKS) else ""
    masks = Masks(path=f"{_MASKS}/images/{{image_id}}.png", labels=labels, uberon=dict(FISH_TRAITS))
    return Source("fish-vista", root, parts, masks=masks)
