"""Head and trunk: shading, scales or mottling, operculum, mouth, eye, and the colour marks on them."""

import numpy as np
import numpy.typing as npt

from finercam_core.synthetic.anatomy import BodyPlan
from finercam_core.synthetic.canvas import Canvas, Patch
from finercam_core.synthetic.parts import BodyPart
from finercam_core.synthetic.pose import Pose

FloatArray = npt.NDArray[np.float64]


def draw_body(canvas: Canvas, pose: Pose, body: BodyPlan) -> Patch:
    """Draw head and trunk with their features; return the body's patch."""
    patch = canvas.fill(pose.to_pixels(body.outline()))
    x, y = pose.to_body(patch.where)
    height = np.where(y > 0, body.top(x), body.bottom(x))
    level = (y / np.maximum(height, 1e-3)).clip(-1, 1)
    behind = 1 / (1 + np.exp(-(x - _operculum(body, y)) * 160))
    skin = _countershading(body, level) * (_roundness(level) * _texture(pose, body, x, y, behind))[..., None]
    canvas.blend(patch, skin.clip(0, 1), part=BodyPart.TRUNK)
    head = canvas.parts[patch.where]
    head[(patch.cover >= 0.5) & (behind < 0.5)] = BodyPart.HEAD
    _draw_head(canvas, pose, body)
    return patch


def _operculum(body: BodyPlan, y: FloatArray) -> FloatArray:
    """Position x of the hind edge of the gill cover at height y: bulging backwards."""
    depth = float(body.top(body.head)) + float(body.bottom(body.head))
    return np.asarray(body.head - 0.9 * (y + 0.15 * depth) ** 2 / depth)


def _countershading(body: BodyPlan, level: FloatArray) -> FloatArray:
    """Colour by level, from belly (-1) to back (1): (h, w, 3)."""
    colours = np.array([body.belly_colour, body.belly_colour, body.flank_colour, body.back_colour, body.back_colour])
    stops = (-1, -0.62, 0.05, 0.62, 1)
    return np.stack([np.interp(level, stops, colours[:, c]) for c in range(3)], -1)


def _roundness(level: FloatArray) -> FloatArray:
    """Shading of a rounded flank lit from above: dim rims and a soft highlight."""
    return 0.66 + 0.36 * np.sqrt(1 - 0.96 * level**2) + 0.10 * np.exp(-(((level - 0.42) / 0.16) ** 2))


def _texture(pose: Pose, body: BodyPlan, x: FloatArray, y: FloatArray, behind: FloatArray) -> FloatArray:
    """Brightness of the skin around 1: scales on the trunk or mottling, and the lateral line."""
    pattern = _scales(x, y, body.scale) if body.scale else _mottling(pose, x, y)
    line = np.exp(-(((y - 0.02 - 0.10 * (0.6 - x) ** 2) / 0.005) ** 2))
    return 1 + behind * (pattern - 0.14 * line)


def _scales(x: FloatArray, y: FloatArray, size: float) -> FloatArray:
    """Overlapping rows of rounded scales, dark at the hind edge."""
    row = y / (0.8 * size)
    within = 2 * (row - np.floor(row)) - 1
    phase = x / size + 0.5 * (np.floor(row) % 2) + 0.38 * within**2
    return 0.10 - 0.26 * (phase - np.floor(phase)) ** 3


def _mottling(pose: Pose, x: FloatArray, y: FloatArray) -> FloatArray:
    """Blotches of a naked skin, different in each individual."""
    rng = np.random.default_rng(pose.texture_seed)
    waves = np.zeros_like(x)
    for _ in range(5):
        u, v, phase = rng.uniform(-40, 40), rng.uniform(-45, 45), rng.uniform(0, 2 * np.pi)
        waves += np.sin(u * x + v * y + phase)
    return 0.11 * np.tanh(1.3 * waves)


def _draw_head(canvas: Canvas, pose: Pose, body: BodyPlan) -> None:
    dark = np.array(body.back_colour) * 0.55
    y = np.linspace(-0.80 * float(body.bottom(body.head)), 0.72 * float(body.top(body.head)), 24)
    edge = pose.to_pixels(np.stack([_operculum(body, y), y], 1))
    canvas.blend(canvas.stroke([edge], 1.5), dark, opacity=0.75)
    inner = pose.to_pixels(np.stack([_operculum(body, y) - 0.068 - 0.2 * (y - 0.02) ** 2, y], 1)[3:-7])
    canvas.blend(canvas.stroke([inner], 1.0), dark, opacity=0.35)
    mouth = pose.to_pixels([(0.004, -0.006), (0.03, -0.020), (0.058, -0.038)])
    canvas.blend(canvas.stroke([mouth], 1.3), dark * 0.6, opacity=0.9)
    nostril = pose.to_pixels([(0.040, 0.022), (0.048, 0.024)])
    canvas.blend(canvas.stroke([nostril], 1.4), dark * 0.6, opacity=0.8)
    _draw_eye(canvas, pose, body)


def _draw_eye(canvas: Canvas, pose: Pose, body: BodyPlan) -> None:
    x, y, radius = body.eye
    iris = np.array([0.86, 0.78, 0.50])
    canvas.blend(canvas.fill(disc(pose, (x, y), radius * 1.12)), np.array(body.back_colour) * 0.5, part=BodyPart.EYE)
    canvas.blend(canvas.fill(disc(pose, (x, y), radius * 0.92)), iris)
    canvas.blend(canvas.fill(disc(pose, (x, y), radius * 0.55)), (0.04, 0.04, 0.05))
    canvas.blend(canvas.fill(disc(pose, (x - radius * 0.2, y + radius * 0.25), radius * 0.17)), (1.0, 1.0, 1.0))


def disc(pose: Pose, centre: tuple[float, float], radius: float, *, stretch: float = 1.0) -> FloatArray:
    """Outline in pixels of an ellipse in body coordinates, `stretch` times as long as high."""
    angle = np.linspace(0, 2 * np.pi, 40)
    circle = np.stack([radius * stretch * np.cos(angle), radius * np.sin(angle)], 1)
    return pose.to_pixels(circle + np.array(centre))


_BAR_CENTRES = (0.40, 0.53, 0.66, 0.79)


def draw_caudal_spot(canvas: Canvas, pose: Pose, body: BodyPlan) -> None:
    """Dark oval spot over the base of the caudal fin."""
    spot = canvas.fill(disc(pose, (0.955, 0.0), 0.058, stretch=1.35))
    canvas.blend(spot, body.mark_colour, opacity=0.88, part=BodyPart.CAUDAL_SPOT)


def draw_lateral_band(canvas: Canvas, pose: Pose, body: BodyPlan, trunk: Patch) -> None:
    """Dark band along the flank from the gill cover to the tail."""
    x, y = pose.to_body(trunk.where)
    cover = (
        _rise(x - body.head - 0.03, 0.006)
        * _rise(1.0 - x, 0.006)
        * _rise(0.046 - 0.014 * (2 * x - 1.2) ** 2 - np.abs(y - 0.012), 0.007)
    )
    band = Patch(trunk.where, (trunk.cover * cover).astype(np.float32))
    canvas.blend(band, body.mark_colour, opacity=0.78, part=BodyPart.LATERAL_BAND)


def draw_bars(canvas: Canvas, pose: Pose, body: BodyPlan, trunk: Patch) -> None:
    """Four dark upright bars, narrowing downwards."""
    x, y = pose.to_body(trunk.where)
    level = (y / np.maximum(np.where(y > 0, body.top(x), body.bottom(x)), 1e-3)).clip(-1, 1)
    half = 0.030 + 0.010 * level
    inside = np.max([half - np.abs(x + 0.03 * level - centre) for centre in _BAR_CENTRES], axis=0)
    bars = Patch(trunk.where, (trunk.cover * _rise(inside, 0.005) * _rise(level + 0.55, 0.05)).astype(np.float32))
    canvas.blend(bars, body.mark_colour, opacity=0.75, part=BodyPart.BARS)


def draw_ocellus(canvas: Canvas, pose: Pose, body: BodyPlan) -> None:
    """Draw a dark eyespot with a pale ring, on the hind flank."""
    centre = (0.67, 0.055)
    canvas.blend(canvas.fill(disc(pose, centre, 0.090)), body.fin_colour, opacity=0.95, part=BodyPart.OCELLUS)
    canvas.blend(canvas.fill(disc(pose, centre, 0.064)), body.mark_colour, opacity=0.95)


def _rise(distance: FloatArray, softness: float) -> FloatArray:
    """Smooth step from 0 to 1 where a distance becomes positive."""
    return np.asarray(1 / (1 + np.exp(-np.clip(distance / (0.5 * softness), -30, 30))))
