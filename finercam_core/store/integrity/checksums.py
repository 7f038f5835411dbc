"""The checksum of every chunk: how a chunk is packed, unpacked and found to be damaged.

A power cut or a bad disk can cut a chunk off or change it. Each chunk ends with the CRC-32C of its compressed bytes, so
that a damaged one is an error when it is read, never a wrong map.
"""

from collections.abc import Sequence

import google_crc32c
import numpy as np
from numcodecs.vlen import VLenUTF8
from numcodecs.zstd import Zstd
from zarr.codecs import Crc32cCodec, ZstdCodec

CHECKSUM_BYTES = 4
_LEVEL = 3
DAMAGE = (ValueError, RuntimeError)
"""What Zarr raises for a chunk whose checksum does not match, or that is cut off."""


def chunk_codecs() -> list[ZstdCodec | Crc32cCodec]:
    """Codecs of all arrays of a store: compression, then the checksum."""
    return [ZstdCodec(level=_LEVEL), Crc32cCodec()]


def unpacked(content: bytes) -> bytes | None:
    """Bytes of a chunk that was read as a file, without Zarr; None if it is damaged."""
    body, checksum = content[:-CHECKSUM_BYTES], content[-CHECKSUM_BYTES:]
    if not body or google_crc32c.value(body) != int.from_bytes(checksum, "little"):
        return None
    return bytes(Zstd().decode(body))


def packed_texts(texts: Sequence[str], length: int) -> bytes:
    """A chunk of an array of texts, as Zarr writes it: those given, and "" to its length."""
    values = np.full(length, "", object)
    values[: len(texts)] = texts
    body = bytes(Zstd(_LEVEL).encode(VLenUTF8().encode(values)))
    return body + int(google_crc32c.value(body)).to_bytes(CHECKSUM_BYTES, "little")
