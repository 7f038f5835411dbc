"""The table under the specimen: light gradient, vignette, and now and then a scale bar or a label."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from finercam_core.synthetic.pose import Pose

FloatArray = npt.NDArray[np.float32]
_INK = (40, 40, 45)
_CARD_COLOURS = ((190, 60, 55), (70, 140, 80), (60, 90, 170), (225, 200, 70))


def paint_background(pose: Pose, shortcut: str | None = None, *, chance_bars: bool = True) -> FloatArray:
    """Empty table: float32 (height, width, 3) in [0, 1].

    `shortcut` is None, "scale bar" or "colour card": an object planted in the corner, which a classifier may come
    to rely on instead of the specimen. `chance_bars` False leaves out the scale bars that lie there by chance.
    """
    y, x = np.mgrid[-1 : 1 : pose.height * 1j, -1 : 1 : pose.width * 1j].astype(np.float32)
    slope = pose.light * (x * np.cos(pose.light_angle) + y * np.sin(pose.light_angle))
    shade = 1 + slope - 0.06 * (x**2 + y**2)
    table = shade[..., None] * np.array(pose.background, np.float32)
    picture = Image.fromarray((table.clip(0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    if (pose.scale_bar and chance_bars) or shortcut == "scale bar":
        _scale_bar(draw, pose)
    if pose.label:
        _label(draw, pose)
    if shortcut == "colour card":
        _colour_card(draw)
    drawn = np.asarray(picture, np.float32) / 255
    changed = np.abs(drawn - np.floor(table.clip(0, 1) * 255) / 255).max(-1, keepdims=True) > 0.002
    return np.where(changed, drawn, table).astype(np.float32)


def object_region(pose: Pose, shortcut: str) -> npt.NDArray[np.bool_]:
    """Pixels that a planted object covers: bool (height, width)."""
    picture = Image.new("RGB", (pose.width, pose.height), (1, 2, 3))
    draw = ImageDraw.Draw(picture)
    if shortcut == "scale bar":
        _scale_bar(draw, pose)
    else:
        _colour_card(draw)
    return np.asarray((np.asarray(picture) != (1, 2, 3)).any(-1))


def _scale_bar(draw: ImageDraw.ImageDraw, pose: Pose) -> None:
    """Ruler of five black and white fields in the lower left corner."""
    field, top = round(pose.length * 0.06), pose.height - 13
    for i in range(5):
        box = (10 + i * field, top, 10 + (i + 1) * field, top + 5)
        draw.rectangle(box, fill=_INK if i % 2 == 0 else (245, 245, 245), outline=_INK)


def _label(draw: ImageDraw.ImageDraw, pose: Pose) -> None:
    """Paper label with illegible lines in the lower right corner."""
    right, bottom = pose.width - 7, pose.height - 6
    draw.rectangle((right - 54, bottom - 22, right, bottom), fill=(250, 248, 240), outline=(150, 148, 140))
    rng = np.random.default_rng(pose.texture_seed)
    for line in range(3):
        y, end = bottom - 17 + line * 6, right - int(rng.integers(6, 26))
        draw.line((right - 49, y, end, y), fill=(110, 110, 112), width=2)


def _colour_card(draw: ImageDraw.ImageDraw) -> None:
    """Four colour fields in the upper left corner."""
    for i, colour in enumerate(_CARD_COLOURS):
        draw.rectangle((8 + 13 * i, 8, 20 + 13 * i, 20), fill=colour, outline=_INK)
