"""Colours of maps, regions, traits and labels: one home, so that every picture of one map is the same picture."""

Colour = tuple[float, float, float, float]
Ramp = tuple[tuple[float, Colour], ...]
"""Stops of a colour ramp: positions from 0 to 1, each with red, green, blue and opacity in [0, 1]."""

# Transparent where there is no evidence, then through orange to a dark purple: legible on light and dark specimens and
# for colour-blind people. Never more than two thirds opaque, so that a map never hides the specimen.
HEAT: Ramp = (
    (0.0, (1.0, 0.85, 0.2, 0.0)),
    (0.35, (1.0, 0.62, 0.0, 0.38)),
    (0.7, (0.87, 0.12, 0.25, 0.52)),
    (1.0, (0.35, 0.0, 0.45, 0.6)),
)
# From 0, where the look-alikes have more (blue), to 1, where the species itself has more (orange).
DIFFERENCE: Ramp = (
    (0.0, (0.0, 0.2, 0.55, 0.65)),
    (0.25, (0.0, 0.45, 0.85, 0.48)),
    (0.5, (1.0, 1.0, 1.0, 0.0)),
    (0.75, (0.95, 0.5, 0.0, 0.48)),
    (1.0, (0.7, 0.25, 0.0, 0.65)),
)

# Okabe and Ito's palette without the colours of the heat map.
REGION_COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#000000", "#7f3fbf")
# Tol's muted colours, and four of his others, so that no two of the thirteen traits of the rendered fish look alike.
TRAIT_COLOURS = (
    "#117733", "#88ccee", "#ddcc77", "#aa4499", "#44aa99", "#332288", "#999933", "#882255", "#cc6677",
    "#bbbbbb", "#ee7733", "#0077bb", "#222222",
)  # fmt: skip
# Background, then labels; the first seven are Okabe and Ito's, distinguishable by colour-blind people.
_LABEL_COLOURS = (
    (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167), (148, 103, 189), (140, 86, 75), (188, 189, 34), (23, 190, 207), (127, 127, 127), (44, 160, 44),
)  # fmt: skip


def label_colour(label: int) -> tuple[int, int, int]:
    """RGB of a label, 0 to 255 each; label 0 is the black background, and from label 14 on the colours repeat."""
    return _LABEL_COLOURS[0] if label == 0 else _LABEL_COLOURS[1 + (label - 1) % (len(_LABEL_COLOURS) - 1)]


def indexed_palette() -> list[int]:
    """RGB of the 256 values of an indexed picture, one after the other; 255 is white."""
    known = [*_LABEL_COLOURS, *((v, v, v) for v in range(len(_LABEL_COLOURS), 256))]
    return [channel for rgb in known for channel in rgb]
