"""The checksum of every chunk: how a chunk is packed, unpacked and found to be damaged.

A power cut or a bad disk can cut a chunk off or change it. Each chunk ends with the CRC-32C of its compressed bytes, so
that a damaged one is an error when it is read, never a wrong map.
"""

import google_crc32c
from numcodecs.zstd import Zstd
from zarr.codecs import Crc32cCodec, ZstdCodec

CHECKSUM_BYTES = 4
DAMAGE = (ValueError, RuntimeError)
"""What Zarr raises for a chunk whose checksum does not match, or that is cut off."""


def chunk_codecs() -> list[ZstdCodec | Crc32cCodec]:
    """Codecs of all arrays of a store: compression, then the checksum."""
    return [ZstdCodec(level=3), Crc32cCodec()]


def unpacked(content: bytes) -> bytes | None:
    """Bytes of a chunk that was read as a file, without Zarr; None if it is damaged."""
    body, checksum = content[:-CHECKSUM_BYTES], content[-CHECKSUM_BYTES:]
    if not body or google_crc32c.value(body) != int.from_bytes(checksum, "little"):
        return None
    return bytes(Zstd().decode(body))
