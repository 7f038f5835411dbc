"""What an image may be: bounds on its file, its pixels, the memory and the time that it takes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What an image may be; one that is beyond is refused before it is decoded.

    Parameters
    ----------
    max_pixels : int
        Largest number of pixels; 12,000 x 8,000 of a reprographic camera are fewer.
    min_side, max_side : int
        Smallest and largest width and height in pixels.
    max_bytes : int
        Largest size of the file.
    max_bytes_at_once : int
        Largest size of a file whose decoder takes the whole of it into memory: WebP, AVIF.
    memory_per_pixel : int
        Bytes that decoding may take for each of `max_pixels`; formats whose decoders take more (`formats.PER_PIXEL`)
        may have fewer pixels.
    max_decoded : int, optional
        Bytes that decoding may take in this process, after a JPEG was reduced; beyond it is a `HeavyImageError`, which
        another process may decode.
    max_reads : int
        How often a decoder may ask for a piece of the file; a sound one asks some thousand times, one that looks for
        its next marker in millions of blanks once for each.
    max_seconds : float
        How long opening and decoding one image may take.
    """

    max_pixels: int = 100_000_000
    min_side: int = 8
    max_side: int = 65_535
    max_bytes: int = 1_000_000_000
    max_bytes_at_once: int = 256_000_000
    memory_per_pixel: int = 10
    max_decoded: int | None = None
    max_reads: int = 1_000_000
    max_seconds: float = 60.0


DEFAULT_LIMITS = Limits()
