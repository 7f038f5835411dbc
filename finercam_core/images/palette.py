"""Colours of labels: the first eight are distinguishable by colour-blind people (Okabe and Ito's set)."""

_COLOURS = (
    (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167), (148, 103, 189), (140, 86, 75), (188, 189, 34), (23, 190, 207), (127, 127, 127), (44, 160, 44),
)  # fmt: skip


def colour(label: int) -> tuple[int, int, int]:
    """RGB of a label; 0 is the black background, and from 14 on the colours come again."""
    return _COLOURS[0] if label == 0 else _COLOURS[1 + (label - 1) % (len(_COLOURS) - 1)]


def palette() -> list[int]:
    """RGB of the 256 values of an indexed picture, one after the other; 255 is white."""
    known = [*_COLOURS, *((v, v, v) for v in range(len(_COLOURS), 256))]
    return [channel for rgb in known for channel in rgb]
