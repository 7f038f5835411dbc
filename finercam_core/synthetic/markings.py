"""Colour marks on the trunk: spot, band, bars and eyespot."""

import numpy as np
import numpy.typing as npt

from finercam_core.synthetic.anatomy import BodyPlan
from finercam_core.synthetic.drawing import Canvas, Patch
from finercam_core.synthetic.parts import Part
from finercam_core.synthetic.pose import Pose
from finercam_core.synthetic.skin import disc

FloatArray = npt.NDArray[np.float64]
_BAR_CENTRES = (0.40, 0.53, 0.66, 0.79)


def draw_caudal_spot(canvas: Canvas, pose: Pose, body: BodyPlan) -> None:
    """Dark oval spot over the base of the caudal fin."""
    spot = canvas.fill(disc(pose, (0.955, 0.0), 0.058, stretch=1.35))
    canvas.blend(spot, body.mark_colour, opacity=0.88, part=Part.CAUDAL_SPOT)


def draw_lateral_band(canvas: Canvas, pose: Pose, body: BodyPlan, trunk: Patch) -> None:
    """Dark band along the flank from the gill cover to the tail."""
    x, y = pose.to_body(trunk.where)
    cover = (
        _rise(x - body.head - 0.03, 0.006)
        * _rise(1.0 - x, 0.006)
        * _rise(0.046 - 0.014 * (2 * x - 1.2) ** 2 - np.abs(y - 0.012), 0.007)
    )
    band = Patch(trunk.where, (trunk.cover * cover).astype(np.float32))
    canvas.blend(band, body.mark_colour, opacity=0.78, part=Part.LATERAL_BAND)


def draw_bars(canvas: Canvas, pose: Pose, body: BodyPlan, trunk: Patch) -> None:
    """Four dark upright bars, narrowing downwards."""
    x, y = pose.to_body(trunk.where)
    level = (y / np.maximum(np.where(y > 0, body.top(x), body.bottom(x)), 1e-3)).clip(-1, 1)
    half = 0.030 + 0.010 * level
    inside = np.max([half - np.abs(x + 0.03 * level - centre) for centre in _BAR_CENTRES], axis=0)
    bars = Patch(trunk.where, (trunk.cover * _rise(inside, 0.005) * _rise(level + 0.55, 0.05)).astype(np.float32))
    canvas.blend(bars, body.mark_colour, opacity=0.75, part=Part.BARS)


def draw_ocellus(canvas: Canvas, pose: Pose, body: BodyPlan) -> None:
    """Draw a dark eyespot with a pale ring, on the hind flank."""
    centre = (0.67, 0.055)
    canvas.blend(canvas.fill(disc(pose, centre, 0.090)), body.fin_colour, opacity=0.95, part=Part.OCELLUS)
    canvas.blend(canvas.fill(disc(pose, centre, 0.064)), body.mark_colour, opacity=0.95)


def _rise(distance: FloatArray, softness: float) -> FloatArray:
    """Smooth step from 0 to 1 where a distance becomes positive."""
    return np.asarray(1 / (1 + np.exp(-np.clip(distance / (0.5 * softness), -30, 30))))
