"""Names, shapes and codes of the store on disk: the one definition of schema version 1."""

import hashlib
import re
from collections.abc import Container, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.core.buffer import default_buffer_prototype
from zarr.core.metadata.v3 import ArrayV3Metadata

from finercam_core.status import Status
from finercam_core.store.integrity.checksums import chunk_codecs

SCHEMA_VERSION = 1
CHUNK = 64
SPECIMENS = "specimens.parquet"
REJECTED = "rejected.parquet"
FAILURES = "failures"
REVIEWS = "reviews"
PROVENANCE = "provenance.json"  # a copy of the record of the root, without the time
LOCK = ".writer.lock"
LEASE = ".writer.lease"
VALUES = ("evidence", "logit", "log_sum_exp", "predicted")
REFERENCE = "reference"
SPECIES_ATTRIBUTES = ("scientificName", "family", "genus", "vernacularName", "tiers", "reasons", "similarity",
                      "method", "kind", "gamma")  # fmt: skip
"""What a species' group says of itself."""
_LONGEST = 120  # of 255 bytes, so that tools which add an ending have room
_OWN = re.compile(rf"(?:{FAILURES}|{REVIEWS}|.*\.(?:json|parquet|damaged|partial))$", re.IGNORECASE)
"""Names of the store's own folders, and of what lies beside them as files."""
_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
"""Names that Windows takes for devices, with any ending."""
_ANY = 987_654_321  # specimens, in a description in which their number is replaced
_STATUS_BITS = np.uint64(8)
_KNOWN_WORD = "word:"

Words = npt.NDArray[np.uint64]


def value_names(*, per_image: bool) -> tuple[str, ...]:
    """Arrays that hold a specimen's values; if each image has its own references, also which classes those are."""
    return (*VALUES, REFERENCE) if per_image else VALUES


def group_path(family: str, genus: str, species: str) -> str:
    """Path of a species' group below the store: ``family/genus/species``, safe as folder names anywhere."""
    return "/".join((_component(family or "unplaced"), _component(genus or "unplaced"), _component(species)))


def distinct_path(path: str, species: str, taken: Container[str]) -> str:
    """The path, or one with a hash of the name if a group has it already in the eyes of Windows or macOS.

    Parameters
    ----------
    path : str
        From `group_path`.
    species : str
        The scientific name, which the hash is of.
    taken : set of str
        `folded` paths of the other groups.
    """
    if folded(path) not in taken:
        return path
    return f"{path}-{hashlib.sha256(species.encode()).hexdigest()[:16]}"


def folded(path: str) -> str:
    """A path as a file system sees it that does not tell capitals apart."""
    return path.casefold()


def _component(name: str) -> str:
    """Folder name of a taxon: ASCII letters, digits, dot and hyphen stay, a space becomes `_`, the rest is %XX."""
    plain = name.strip().replace(" ", "_")
    quoted = re.sub(r"[^A-Za-z0-9_.\-]", lambda m: _quoted(m[0]), plain)
    # Names that begin with a dot are hidden files, and Zarr keeps those that begin with two underscores for itself.
    safe = re.sub(r"^[._]+", lambda m: _quoted(m[0]), quoted) or "%00"
    if _OWN.match(safe) or _DEVICES.match(safe):
        safe = _quoted(safe[0]) + safe[1:]
    safe = re.sub(r"\.$", _quoted("."), safe)  # Windows drops it
    return safe if len(safe) <= _LONGEST else f"{safe[:100]}-{hashlib.sha256(safe.encode()).hexdigest()[:16]}"


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="surrogatepass"))


def state_words(fingerprints: Sequence[str]) -> Words:
    """High 56 bits of a specimen's `state` word, from the fingerprint of its image; uint64, low 8 bits zero."""
    return np.array([_word(text) for text in fingerprints], np.uint64) << _STATUS_BITS


def _word(fingerprint: str) -> int:
    if fingerprint.startswith(_KNOWN_WORD):
        return int(fingerprint.removeprefix(_KNOWN_WORD), 16)
    return int.from_bytes(hashlib.blake2b(fingerprint.encode(), digest_size=7).digest(), "big")


def known_word(state: int) -> str:
    """The fingerprint in a plan that is rebuilt: of the image's own fingerprint only the state's 56 bits are known."""
    return f"{_KNOWN_WORD}{int(state) >> 8:014x}" if state else ""


def status_of(state: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """`Status` codes in the low 8 bits of `state` words; uint8 of the same shape."""
    return np.asarray(state & np.uint64(0xFF), np.uint8)


def with_status(words: Words, status: npt.NDArray[Any] | Status) -> Words:
    """Combine fingerprint words and status codes into `state` words."""
    return np.asarray(words | np.asarray(status, np.uint64), np.uint64)


def array_nodes(
    specimens: int, classes: int, grid: tuple[int, int], values: Sequence[str] = VALUES
) -> dict[str, ArrayV3Metadata]:
    """Metadata of the arrays of one species' group, by name; `values` are those of `value_names`."""
    nodes = _templates(classes, grid)
    lengths = (*values, "state", "specimen")
    return {name: _with_length(nodes[name], specimens) for name in lengths} | {"class": nodes["class"]}


def _with_length(node: ArrayV3Metadata, specimens: int) -> ArrayV3Metadata:
    return node.update_shape((specimens, *node.shape[1:]))


def array_descriptions(
    specimens: int, classes: int, grid: tuple[int, int], values: tuple[str, ...] = VALUES
) -> dict[str, bytes]:
    """The same as the content of each array's ``zarr.json``."""
    written = _written(classes, grid, values)
    return {name: str(specimens).encode().join(parts) for name, parts in written.items()}


@cache
def _written(classes: int, grid: tuple[int, int], values: tuple[str, ...]) -> dict[str, list[bytes]]:
    """What stands before and after the number of specimens."""
    nodes = array_nodes(_ANY, classes, grid, values)
    files = {name: node.to_buffer_dict(default_buffer_prototype())["zarr.json"] for name, node in nodes.items()}
    return {name: file.to_bytes().split(str(_ANY).encode()) for name, file in files.items()}


@cache
def _templates(classes: int, grid: tuple[int, int]) -> dict[str, ArrayV3Metadata]:
    """Arrays for one specimen, made once per number of classes: creating nodes takes most of the time of planning."""
    group = zarr.create_group(zarr.storage.MemoryStore())
    axes: dict[str, tuple[tuple[str, ...], tuple[int, ...], str, Any]] = {
        "evidence": (("specimen", "class", "y", "x"), (classes, *grid), "float16", np.nan),
        "logit": (("specimen", "class"), (classes,), "float32", np.nan),
        "log_sum_exp": (("specimen",), (), "float32", np.nan),
        "predicted": (("specimen",), (), "int32", -1),
        REFERENCE: (("specimen", "class"), (classes,), "int32", -1),
        "state": (("specimen",), (), "uint64", 0),
        "specimen": (("specimen",), (), "str", ""),
    }
    for name, (dims, shape, dtype, fill) in axes.items():
        _create(group, name, (1, *shape), dtype, fill, dims)
    _create(group, "class", (classes,), "str", "", ("class",))
    return {name: array.metadata for name, array in group.arrays() if isinstance(array.metadata, ArrayV3Metadata)}


def _create(group: zarr.Group, name: str, shape: tuple[int, ...], dtype: str, fill: Any, dims: tuple[str, ...]) -> None:
    group.create_array(
        name,
        shape=shape,
        chunks=tuple(CHUNK if dim == "specimen" else max(1, size) for dim, size in zip(dims, shape, strict=True)),
        dtype=dtype,
        fill_value=fill,
        compressors=chunk_codecs(),
        dimension_names=dims,
        config={"write_empty_chunks": True},
    )
