"""Fins and barbels drawn from a body plan."""

import numpy as np
import numpy.typing as npt

from finercam_core.synthetic.anatomy import BodyPlan, Fin
from finercam_core.synthetic.drawing import Canvas
from finercam_core.synthetic.parts import Part
from finercam_core.synthetic.pose import Pose

FloatArray = npt.NDArray[np.float64]
# Root, middle and tip of each barbel, in body coordinates.
_BARBELS = (
    ((0.022, -0.022), (0.035, -0.105), (-0.055, -0.160)),
    ((0.052, -0.040), (0.085, -0.125), (0.015, -0.200)),
    ((0.085, -0.050), (0.135, -0.120), (0.095, -0.205)),
)


def draw_fin(canvas: Canvas, pose: Pose, body: BodyPlan, fin: Fin, part: Part) -> None:
    """Draw one fin: membrane, darker towards the margin, and its branching rays."""
    base, tip = (pose.to_pixels(points) for points in body.fin_rays(fin))
    membrane = canvas.fill(np.concatenate([base, tip[::-1]]))
    colour = np.array(body.fin_colour)
    canvas.blend(membrane, colour, opacity=0.84, part=part)
    canvas.blend(canvas.stroke([tip], 1.0), colour * 0.55, opacity=0.8)
    if not fin.rays:
        canvas.blend(canvas.stroke([0.4 * base + 0.6 * tip], 3.0), colour * 1.12, opacity=0.5)
        return
    base, tip = (pose.to_pixels(points) for points in body.fin_rays(fin, count=fin.rays))
    canvas.blend(canvas.stroke(_rays(base, tip), 0.7), colour * 0.45, opacity=0.55)


def _rays(base: FloatArray, tip: FloatArray) -> list[FloatArray]:
    """Rays that split into two branches beyond their middle."""
    middle = base + 0.55 * (tip - base)
    between = (tip[1:] + tip[:-1]) / 2
    stems = [np.stack(points) for points in zip(base, middle, tip, strict=True)]
    return stems + [np.stack(points) for points in zip(middle[:-1], 0.06 * base[:-1] + 0.94 * between, strict=True)]


def draw_barbels(canvas: Canvas, pose: Pose, body: BodyPlan) -> None:
    """Draw the fleshy barbels under the chin, tapering to their tips."""
    for root, middle, tip in _BARBELS:
        s = np.linspace(0, 1, 16)[:, None]
        line = (1 - s) ** 2 * np.array(root) + 2 * s * (1 - s) * np.array(middle) + s**2 * np.array(tip)
        half = 0.020 * (1 - 0.55 * s) * np.array([[1.0, 0.35]])
        outline = pose.to_pixels(np.concatenate([line - half, (line + half)[::-1]]))
        flesh = canvas.fill(outline)
        canvas.blend(flesh, np.array(body.back_colour) * 0.9, part=Part.BARBEL)
        canvas.blend(canvas.stroke([pose.to_pixels(line - 0.4 * half)], 1.0), body.flank_colour, opacity=0.6)
