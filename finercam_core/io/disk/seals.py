"""Parquet tables under a seal: a SHA-256 of the whole file inside the file, so that no changed bit is read as a value.

The seal lies between the table's data and its footer, where no reader of Parquet looks: its offsets point to what lies
before it, and the footer is found from the end. Table and digest are one file, which is replaced at once; a kill never
leaves one without the other. The footer says that there is a seal, so that one that was overwritten is missed.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

MARK = bytes.fromhex("f1e8c0a5d7934b62a94e16bb05d2c37f")  # in no text
SEAL_LENGTH = len(MARK) + hashlib.sha256().digest_size
NOTE = {b"finercam.seal": b"sha256"}
TAIL = 8  # bytes after the footer: its length and the name of the format


class SealError(ValueError):
    """A table is not what was written."""


def sealed(table: pd.DataFrame) -> bytes:
    """A table as the bytes of a sealed Parquet file."""
    buffer, frame = io.BytesIO(), pa.Table.from_pandas(table, preserve_index=False)
    pq.write_table(frame.replace_schema_metadata({**(frame.schema.metadata or {}), **NOTE}), buffer)
    content = buffer.getvalue()
    footer = len(content) - TAIL - int.from_bytes(content[-TAIL:-4], "little")
    return content[:footer] + MARK + hashlib.sha256(content).digest() + content[footer:]


def is_sealed(content: bytes) -> bool:
    """Whether a file has a seal, be it broken or not; tables of earlier versions have none."""
    return MARK in content


def has_note(metadata: Mapping[bytes, bytes] | None) -> bool:
    """Whether the footer of a Parquet file, here its metadata, says that the file has a seal."""
    return NOTE.items() <= (metadata or {}).items()


def check_seal(content: bytes) -> None:
    """Compare the content of a Parquet file with its seal; a table of an earlier version, or another's, has none.

    Raises
    ------
    SealError
        If the file is not what was written.
    """
    place = content.rfind(MARK)
    if place >= 0:
        digest = hashlib.sha256(content[:place])
        digest.update(content[place + SEAL_LENGTH :])
        if digest.digest() != content[place + len(MARK) : place + SEAL_LENGTH]:
            raise SealError("its content does not match its digest")
    elif has_note(pq.read_metadata(io.BytesIO(content)).metadata):
        raise SealError("its digest is gone")


def unsealed(content: bytes, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The table in the bytes of a Parquet file, after its seal was checked.

    Raises
    ------
    SealError
        If the file is not what was written: cut off, changed, or not Parquet.
    """
    try:
        check_seal(content)
        table: pd.DataFrame = pd.read_parquet(io.BytesIO(content), columns=None if columns is None else list(columns))
    except SealError:
        raise
    except Exception as error:  # Arrow raises whatever damaged lengths and types make it raise
        raise SealError(" ".join(str(error).split())[:200] or type(error).__name__) from error
    return table
