"""Parquet tables that hold the images themselves, as Hugging Face's data sets do, and the names of their labels."""

import json
import threading

import pyarrow as pa
import pyarrow.parquet

from finercam_core.io.faults import first_line
from finercam_core.io.packed.pack import Pack

# A group of rows is read as a whole for one of its images, and kept for the next.
MOST_BYTES = 512 << 20
_NAMES = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "webp", "image_bytes", "bytes")


def image_column(schema: pa.Schema) -> str:
    """The column that holds images: `{bytes, path}`, or bytes under a name of images; "" if there is none."""
    for field in schema:
        if pa.types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0:
            return str(field.name)
    binary = {f.name.lower(): f.name for f in schema if pa.types.is_binary(f.type) or pa.types.is_large_binary(f.type)}
    return next((str(binary[name]) for name in _NAMES if name in binary), "")


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Columns of numbered labels with the names of their numbers, as Hugging Face's tables keep them."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            str(column): [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def image_names(file: pa.parquet.ParquetFile, column: str) -> list[str]:
    """A name for the image of each row: its number from 1, and that of its file where the table gives it."""
    count = file.metadata.num_rows
    kind = file.schema_arrow.field(column).type
    if not pa.types.is_struct(kind) or kind.get_field_index("path") < 0:
        return [str(row) for row in range(1, count + 1)]
    paths = file.read([f"{column}.path"]).column(column).to_pylist()
    files = [str((cell or {}).get("path") or "").replace("\\", "/").rsplit("/", 1)[-1] for cell in paths]
    return [f"{row}-{name}" if name else str(row) for row, name in enumerate(files, 1)]


class ParquetPack(Pack):
    """The images of a Parquet table; the reader of tables gives each row the path of its own.

    Parameters
    ----------
    path : str

    Raises
    ------
    OSError
        It is missing, not a readable Parquet file, or holds no images.
    """

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._group, self._images = -1, pa.chunked_array([], pa.binary())
        try:
            self._file = pa.parquet.ParquetFile(path, memory_map=True)
            self._column = image_column(self._file.schema_arrow)
            names = image_names(self._file, self._column) if self._column else []
        except pa.ArrowException as error:
            raise OSError(f"{path} is not a readable Parquet file: {first_line(error)}") from error
        groups = self._file.metadata
        self._ends = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
        super().__init__(path, names)

    def read(self, name: str) -> bytes:
        """The bytes of an image."""
        number = name.split("-", 1)[0]
        row = int(number) - 1 if number.isdigit() else -1
        if not 0 <= row < len(self.names) or self.names[row] != name:
            raise self._missing(name)
        with self._lock:
            try:
                content = self._image(row)
            except pa.ArrowException as error:
                raise OSError(f"{name} in {self.path} is damaged: {first_line(error)}") from error
        if content is None:
            raise FileNotFoundError(f"row {row + 1} of {self.path} holds no image")
        return content

    def _image(self, row: int) -> bytes | None:
        group = 0
        while row >= self._ends[group]:
            row -= self._ends[group]
            group += 1
        if group != self._group:
            size = self._file.metadata.row_group(group).total_byte_size
            if size > MOST_BYTES:
                raise OSError(f"{self.path} has groups of {size >> 20:,} MB; save it with row_group_size=100")
            self._images = self._file.read_row_group(group, [self._column]).column(self._column)
            self._group = group
        cell = self._images[row].as_py()
        content = cell["bytes"] if isinstance(cell, dict) else cell
        return None if content is None else bytes(content)
