"""Ids of the rendered parts, their Fish-Vista mask classes, and which parts make up which trait."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt


class Part(IntEnum):
    """What a pixel shows; up to `OCELLUS` also the class id in the mask files."""

    BACKGROUND = 0
    HEAD = 1
    EYE = 2
    DORSAL_FIN = 3
    PECTORAL_FIN = 4
    PELVIC_FIN = 5
    ANAL_FIN = 6
    CAUDAL_FIN = 7
    ADIPOSE_FIN = 8
    BARBEL = 9
    CAUDAL_SPOT = 10
    LATERAL_BAND = 11
    BARS = 12
    OCELLUS = 13
    SECOND_DORSAL_FIN = 14
    TRUNK = 15


MASK_NAMES: Mapping[int, str] = MappingProxyType(
    {
        0: "Background",
        1: "Head",
        2: "Eye",
        3: "Dorsal fin",
        4: "Pectoral fin",
        5: "Pelvic fin",
        6: "Anal fin",
        7: "Caudal fin",
        8: "Adipose fin",
        9: "Barbel",
        10: "Caudal spot",
        11: "Lateral band",
        12: "Bars",
        13: "Ocellus",
    }
)

TRAIT_PARTS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {
        "adipose_fin": (Part.ADIPOSE_FIN,),
        "anal_fin": (Part.ANAL_FIN,),
        "bars": (Part.BARS,),
        "barbel": (Part.BARBEL,),
        "body": tuple(part for part in Part if part),
        "caudal_fin": (Part.CAUDAL_FIN,),
        "caudal_spot": (Part.CAUDAL_SPOT,),
        "dorsal_fins": (Part.SECOND_DORSAL_FIN,),
        "lateral_band": (Part.LATERAL_BAND,),
        "ocellus": (Part.OCELLUS,),
        "pelvic_fin": (Part.PELVIC_FIN,),
    }
)
_TO_CLASS = np.arange(len(Part), dtype=np.uint8)
_TO_CLASS[Part.SECOND_DORSAL_FIN] = Part.DORSAL_FIN
_TO_CLASS[Part.TRUNK] = Part.BACKGROUND


def mask_classes(parts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Fish-Vista class ids of a part map: both dorsal fins are one class, the trunk is background (0)."""
    return _TO_CLASS[parts]
