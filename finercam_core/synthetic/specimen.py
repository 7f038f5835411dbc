"""One rendered specimen with its fins, its counterfactual twin, and where the two truly differ."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from finercam_core.synthetic.anatomy import BodyPlan, Fin
from finercam_core.synthetic.background import paint_background
from finercam_core.synthetic.canvas import Canvas
from finercam_core.synthetic.genera import BODY_PLANS
from finercam_core.synthetic.parts import TRAIT_PARTS, BodyPart, mask_classes
from finercam_core.synthetic.pose import Pose, draw_pose
from finercam_core.synthetic.skin import draw_bars, draw_body, draw_caudal_spot, draw_lateral_band, draw_ocellus
from finercam_core.synthetic.species import SpeciesPlan, differing_traits, species_number, species_plan

FloatArray = npt.NDArray[np.float64]
REMOVABLE = tuple(
    part for part in BodyPart if part not in (BodyPart.BACKGROUND, BodyPart.HEAD, BodyPart.EYE, BodyPart.TRUNK)
)
"""Parts that a specimen can be drawn without."""
# Root, middle and tip of each barbel, in body coordinates.
_BARBELS = (
    ((0.022, -0.022), (0.035, -0.105), (-0.055, -0.160)),
    ((0.052, -0.040), (0.085, -0.125), (0.015, -0.200)),
    ((0.085, -0.050), (0.135, -0.120), (0.095, -0.205)),
)


def draw_fin(canvas: Canvas, pose: Pose, body: BodyPlan, fin: Fin, part: BodyPart) -> None:
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
        canvas.blend(flesh, np.array(body.back_colour) * 0.9, part=BodyPart.BARBEL)
        canvas.blend(canvas.stroke([pose.to_pixels(line - 0.4 * half)], 1.0), body.flank_colour, opacity=0.6)


class RenderedSpecimen(NamedTuple):
    """A rendered photograph and what it shows.

    Attributes
    ----------
    image : uint8 array (height, width, 3), RGB
    parts : uint8 array (height, width)
        Id of the `BodyPart` at each pixel.
    """

    image: npt.NDArray[np.uint8]
    parts: npt.NDArray[np.uint8]

    @property
    def mask(self) -> npt.NDArray[np.uint8]:
        """Fish-Vista class ids: uint8 (height, width)."""
        return mask_classes(self.parts)

    @property
    def body(self) -> npt.NDArray[np.bool_]:
        """The whole specimen, fins and all: bool (height, width)."""
        return self.parts > 0


def render_specimen(
    species: str,
    seed: int,
    index: int,
    *,
    as_species: str | None = None,
    shortcut: str | None = None,
    chance_bars: bool = True,
    without: Collection[BodyPart] = (),
) -> RenderedSpecimen:
    """Render specimen `index` of a species; the same whatever else is rendered.

    Parameters
    ----------
    species : str
        Scientific name out of `SPECIES`; case does not matter.
    seed, index : int
        The collection's seed, and the specimen's number within its species; not negative.
    as_species : str, optional
        Give the counterfactual twin instead: the same pose, size, light, background and noise, with the traits of
        this species.
    shortcut : {"scale bar", "colour card"}, optional
        Object planted beside the specimen.
    chance_bars : bool
        False leaves out the scale bar that lies beside some specimens.
    without : collection of BodyPart, optional
        Parts that are not drawn, of `REMOVABLE`: everything else of the picture stays as it is.
    """
    number = species_number(species)
    pose = draw_pose(np.random.default_rng(np.random.SeedSequence([seed, number, index])))
    canvas = Canvas(paint_background(pose, shortcut, chance_bars=chance_bars))
    _draw_fish(canvas, pose, species_plan(as_species or species), frozenset(without))
    return RenderedSpecimen(_photograph(canvas, pose), canvas.parts)


def _draw_fish(canvas: Canvas, pose: Pose, plan: SpeciesPlan, without: frozenset[BodyPart]) -> None:
    """Draw from back to front: unpaired fins, body, marks, paired fins, barbels."""
    body, traits = BODY_PLANS[plan.genus], plan.traits

    def fin(name: str, part: BodyPart, shown: bool = True) -> None:
        if shown and part not in without:
            draw_fin(canvas, pose, body, body.fins[name], part)

    def has(trait: str, part: BodyPart) -> bool:
        return traits[trait] == "present" and part not in without

    fin(f"caudal_{traits['caudal_fin']}", BodyPart.CAUDAL_FIN)
    fin("dorsal", BodyPart.DORSAL_FIN)
    fin("second_dorsal", BodyPart.SECOND_DORSAL_FIN, traits["dorsal_fins"] == "two")
    fin("adipose", BodyPart.ADIPOSE_FIN, traits["adipose_fin"] == "present")
    fin(f"anal_{traits['anal_fin']}", BodyPart.ANAL_FIN)
    trunk = draw_body(canvas, pose, body)
    if has("lateral_band", BodyPart.LATERAL_BAND):
        draw_lateral_band(canvas, pose, body, trunk)
    if has("bars", BodyPart.BARS):
        draw_bars(canvas, pose, body, trunk)
    if has("caudal_spot", BodyPart.CAUDAL_SPOT):
        draw_caudal_spot(canvas, pose, body)
    if has("ocellus", BodyPart.OCELLUS):
        draw_ocellus(canvas, pose, body)
    fin("pelvic", BodyPart.PELVIC_FIN, traits["pelvic_fin"] == "present")
    fin("pectoral", BodyPart.PECTORAL_FIN)
    if has("barbel", BodyPart.BARBEL):
        draw_barbels(canvas, pose, body)


def _photograph(canvas: Canvas, pose: Pose) -> npt.NDArray[np.uint8]:
    """Camera: lens blur, contrast, tint and sensor noise."""
    scene = gaussian_filter(canvas.colour, (0.45, 0.45, 0))
    exposed = ((scene - 0.5) * pose.contrast + 0.5) * np.array(pose.tint, np.float32)
    rng = np.random.default_rng(pose.texture_seed)
    exposed += np.float32(pose.noise) * rng.standard_normal(exposed.shape, np.float32)
    return np.asarray(exposed.clip(0, 1) * 255 + 0.5, np.uint8)


def true_region(
    species: str, reference: str, seed: int, index: int, *, as_species: str | None = None
) -> npt.NDArray[np.bool_]:
    """Where specimen `index` of a species truly differs from a reference species: bool (height, width).

    The pixels of the differing traits in the specimen and in its twin, so that an absent fin is located where the
    reference has it. Species of different genera differ in their whole body. `as_species` says what the specimen was
    drawn as, if not as its own species.
    """
    drawn = as_species or species
    parts = [part for trait in differing_traits(drawn, reference) for part in TRAIT_PARTS[trait]]
    own = render_specimen(species, seed, index, as_species=drawn).parts
    twin = render_specimen(species, seed, index, as_species=reference).parts
    return np.asarray(np.isin(own, parts) | np.isin(twin, parts))
