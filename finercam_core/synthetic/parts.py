"""Ids of the rendered parts, their Fish-Vista mask classes, and which parts make up which trait."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt


class BodyPart(IntEnum):
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

TRAIT_PARTS: Mapping[str, tuple[BodyPart, ...]] = MappingProxyType(
    {
        "adipose_fin": (BodyPart.ADIPOSE_FIN,),
        "anal_fin": (BodyPart.ANAL_FIN,),
        "bars": (BodyPart.BARS,),
        "barbel": (BodyPart.BARBEL,),
        "body": tuple(part for part in BodyPart if part),
        "caudal_fin": (BodyPart.CAUDAL_FIN,),
        "caudal_spot": (BodyPart.CAUDAL_SPOT,),
        "dorsal_fins": (BodyPart.SECOND_DORSAL_FIN,),
        "lateral_band": (BodyPart.LATERAL_BAND,),
        "ocellus": (BodyPart.OCELLUS,),
        "pelvic_fin": (BodyPart.PELVIC_FIN,),
    }
)
_TO_CLASS = np.arange(len(BodyPart), dtype=np.uint8)
_TO_CLASS[BodyPart.SECOND_DORSAL_FIN] = BodyPart.DORSAL_FIN
_TO_CLASS[BodyPart.TRUNK] = BodyPart.BACKGROUND


def mask_classes(parts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Fish-Vista class ids of a part map: both dorsal fins are one class, the trunk is background (0)."""
    return _TO_CLASS[parts]
