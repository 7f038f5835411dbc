"""Pictures that no collection should have and every large one has: damaged, of odd formats, without end, no files."""

import io
import os
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Write = Callable[[Path], object]


def photograph(size: tuple[int, int] = (48, 32), seed: int = 0) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def saved(form: str, image: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    (image or photograph()).save(buffer, form, **options)
    return buffer.getvalue()


def seeds() -> dict[str, bytes]:
    """A small sound picture of every enabled format, in the variants that have decoders of their own."""
    one, two = photograph(), photograph(seed=1)
    turned = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0" + bytes(6)
    deep = Image.fromarray(np.asarray(one.convert("L"), np.uint16) * 257)
    return {
        "a.jpg": saved("JPEG"),
        "progressive.jpg": saved("JPEG", progressive=True, exif=turned),
        "cmyk.jpg": saved("JPEG", one.convert("CMYK")),
        "two.mpo": saved("MPO", one, save_all=True, append_images=[two]),
        "a.png": saved("PNG"),
        "palette.png": saved("PNG", one.quantize(16), transparency=3),
        "deep.png": saved("PNG", deep),
        "plain.tif": saved("TIFF"),
        "lzw.tif": saved("TIFF", compression="tiff_lzw"),
        "deflate.tif": saved("TIFF", deep, compression="tiff_deflate"),
        "jpeg.tif": saved("TIFF", compression="jpeg"),
        "fax.tif": saved("TIFF", one.convert("1"), compression="group4"),
        "a.webp": saved("WEBP"),
        "lossless.webp": saved("WEBP", lossless=True),
        "moving.webp": saved("WEBP", one, save_all=True, append_images=[two]),
        "a.bmp": saved("BMP"),
        "a.gif": saved("GIF", one.quantize(16)),
        "a.avif": saved("AVIF"),
        "a.jp2": saved("JPEG2000"),
    }  # fmt: skip


def mutant(content: bytes, rng: random.Random) -> bytes:
    """A copy with some bits or bytes changed, a piece cut out or doubled; headers are hit more often than the rest."""
    body = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        place = rng.randrange(min(len(body), 64 if rng.random() < 0.5 else len(body)))
        how = rng.random()
        if how < 0.5:
            body[place] ^= 1 << rng.randrange(8)
        elif how < 0.8:
            body[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif how < 0.9:
            del body[place : place + rng.randrange(1, 32)]
        else:
            body[place:place] = body[place : place + rng.randrange(1, 32)]
        if not body:
            return b""
    return bytes(body[: rng.randrange(len(body))]) if rng.random() < 0.1 else bytes(body)


def sparse(path: Path, beginning: bytes, size: int) -> None:
    with path.open("wb") as file:
        file.write(beginning)
        file.truncate(size)


def png_header(width: int, height: int) -> bytes:
    """A PNG that says a size and holds nothing."""

    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + b"\0\0\0\0IDAT" * 2
    )


def flipped_avif() -> bytes:
    """An AVIF with one bit of its header flipped for which Pillow raises a `RuntimeError`."""
    content = saved("AVIF")
    for bit in range(8 * 400):
        flipped = content[: bit // 8] + bytes([content[bit // 8] ^ 1 << bit % 8]) + content[bit // 8 + 1 :]
        try:
            Image.open(io.BytesIO(flipped)).load()
        except RuntimeError:
            return flipped
        except (OSError, ValueError):
            continue
    raise AssertionError("Pillow raises no RuntimeError any more")


def bad_pictures() -> dict[str, tuple[Write, str, str]]:
    """By file name: how it is written, its status, and a word of its reason."""
    tiff = bytearray(saved("TIFF"))
    tiff[4:8] = struct.pack("<I", 2**31)
    jpeg = saved("JPEG")
    header = struct.pack("<4s7I", b"DDS ", 124, 0x1007, 32, 48, 0, 0, 0)
    return {
        "flipped.avif": (lambda p: p.write_bytes(flipped_avif()), "UNREADABLE", "RuntimeError"),
        "texture.dds": (lambda p: p.write_bytes(header + bytes(200)), "UNREADABLE", "DDS"),
        "texture.blp": (lambda p: p.write_bytes(b"BLP2" + bytes(200)), "UNREADABLE", "BLP"),
        "drawing.eps": (lambda p: p.write_bytes(saved("EPS")), "NOT_AN_IMAGE", "EPS"),
        "particle.spi": (lambda p: p.write_bytes(saved("SPIDER", photograph().convert("F"))), "UNREADABLE", "SPIDER"),
        "blanks.ppm": (sparse_blanks, "UNREADABLE", "PNM"),
        "line.png": (lambda p: p.write_bytes(png_header(8, 12_000_000)), "TOO_LARGE", "a side"),
        "wide.png": (lambda p: p.write_bytes(png_header(12_000_000, 8)), "TOO_LARGE", "a side"),
        "sparse.jpg": (lambda p: sparse(p, jpeg[:20], 10**12), "TOO_LARGE", "bytes"),
        "zeros.jpg": (lambda p: sparse(p, jpeg[:20], 900_000_000), "UNREADABLE", "in vain"),
        "sparse.webp": (lambda p: sparse(p, saved("WEBP"), 900_000_000), "TOO_LARGE", "bytes"),
        "sparse.avif": (lambda p: sparse(p, saved("AVIF"), 900_000_000), "TOO_LARGE", "bytes"),
        "zeros.png": (lambda p: sparse(p, saved("PNG")[:33], 900_000_000), "", ""),
        "loop.jpg": (lambda p: p.symlink_to(p.name), "UNREADABLE", ""),
        "pipe.jpg": (os.mkfifo, "UNREADABLE", "named pipe"),
        "folder.jpg": (lambda p: p.mkdir(), "UNREADABLE", ""),
        "far.tif": (lambda p: p.write_bytes(tiff), "", ""),
        "nowhere.jpg": (lambda p: p.symlink_to("gone.jpg"), "MISSING", ""),
        "empty.jpg": (lambda p: p.write_bytes(b""), "NOT_AN_IMAGE", "empty"),
        "cut.jpg": (lambda p: p.write_bytes(jpeg[: len(jpeg) // 2]), "TRUNCATED", ""),
    }  # fmt: skip


def sparse_blanks(path: Path) -> None:
    """A PPM whose width is preceded by 50 MB of blanks."""
    with path.open("wb") as file:
        file.write(b"P6 ")
        for _ in range(50):
            file.write(b" " * 1_000_000)
