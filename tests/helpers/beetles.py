"""Drawn beetles in folders of species, as somebody's photographs are: with broken files, a HEIC and a copy among them.

The two species of a genus differ in one place that is known: a pair of light spots, on the shoulders, in the middle or
at the tip of the wing cases.
"""

import math
import shutil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 360, 480
SPOTS = {"Carabus": 0.10, "Lucanus": 0.45, "Dorcus": 0.80}
"""By genus: where along the wing cases the spots of its first species are, 0 at the shoulders and 1 at the tip."""
SPECIES = tuple(f"{genus} {epithet}" for genus in SPOTS for epithet in ("maculatus", "simplex"))
_BODY = {
    "Carabus": (96, 150, 0.62),
    "Lucanus": (84, 165, 0.55),
    "Dorcus": (105, 140, 0.70),
}  # half sizes, width of neck
_DULL = {"Carabus": (60, 84, 52), "Lucanus": (92, 52, 34), "Dorcus": (46, 46, 58)}


def draw_beetle(species: str, seed: int) -> tuple[Image.Image, np.ndarray]:
    """A photograph of a beetle, and where it differs from its congener: bool (height, width)."""
    rng = np.random.default_rng([seed, SPECIES.index(species)])
    genus, epithet = species.split()
    half_width, half_length, neck = (v * float(rng.normal(1, 0.03)) for v in _BODY[genus])
    colour = tuple(int(np.clip(v + rng.normal(0, 8), 0, 255)) for v in _DULL[genus])
    light = tuple(int(v) for v in rng.normal(222, 8, 3).clip(180, 250))
    picture, truth = Image.new("RGB", (WIDTH, HEIGHT), light), Image.new("L", (WIDTH, HEIGHT))
    pen, mark = ImageDraw.Draw(picture), ImageDraw.Draw(truth)
    x, y = WIDTH / 2 + rng.normal(0, 10), HEIGHT * 0.57 + rng.normal(0, 10)
    legs = tuple(v // 2 for v in colour)
    for side in (-1, 1):
        for k, reach in enumerate((-0.55, -0.05, 0.45)):
            knee = (x + side * half_width * 1.5, y + reach * half_length + rng.normal(0, 5))
            foot = (x + side * half_width * 1.75, knee[1] + (k - 0.6) * 40)
            pen.line([(x, y + reach * half_length), knee, foot], fill=legs, width=7)
        pen.line([(x, y - half_length * 1.35), (x + side * 60, y - half_length * 1.75)], fill=legs, width=4)
    pen.ellipse((x - half_width, y - half_length, x + half_width, y + half_length), fill=colour)
    top = y - half_length
    pen.ellipse((x - half_width * neck, top - 38, x + half_width * neck, top + 44), fill=colour)
    pen.ellipse((x - half_width * 0.4, top - 78, x + half_width * 0.4, top - 18), fill=legs)
    pen.line([(x, top + 40), (x, y + half_length)], fill=legs, width=3)
    place, radius = y + half_length * (2 * SPOTS[genus] - 1) * 0.8, half_width * 0.2
    reach = half_width * 0.55 * math.sqrt(max(0.1, 1 - ((place - y) / half_length) ** 2))
    for side in (-1, 1):
        box = (x + side * reach - radius, place - radius, x + side * reach + radius, place + radius)
        mark.ellipse(box, fill=255)
        if epithet == "maculatus":
            pen.ellipse(box, fill=(226, 178, 60))
    angle = float(rng.normal(0, 4))
    picture = picture.rotate(angle, Image.Resampling.BICUBIC, fillcolor=light).filter(ImageFilter.GaussianBlur(0.8))
    noise = rng.normal(0, 6, (HEIGHT, WIDTH, 3))
    pixels = np.clip(np.asarray(picture, np.float32) + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels), np.asarray(truth.rotate(angle)) > 0


def draw_collection(folder: Path, each: int = 25, species: tuple[str, ...] = SPECIES) -> Path:
    """Folders of species with so many photographs each; two broken files, a HEIC, a copy and loose pictures besides."""
    for name in species:
        (folder / name.replace(" ", "_")).mkdir(parents=True, exist_ok=True)
        for i in range(each):
            draw_beetle(name, i)[0].save(folder / name.replace(" ", "_") / f"IMG_{i:04d}.jpg", quality=90)
    first, second = (folder / name.replace(" ", "_") for name in species[:2])
    content = (first / "IMG_0000.jpg").read_bytes()
    (first / "broken.jpg").write_bytes(content[: len(content) // 3])
    (second / "empty.jpg").write_bytes(b"")
    (second / "IMG_9999.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))
    shutil.copy(second / "IMG_0000.jpg", second / "IMG_0000 (1).jpg")
    (folder / "unsorted").mkdir(exist_ok=True)
    draw_beetle(species[0], 999)[0].save(folder / "unsorted" / "IMG_0999.jpg", quality=90)
    return folder
