"""What a classifier did with each image: trained on it, chose with it, or never saw it; and which judge its maps."""

from finercam_core.parts.assignment import assign_parts
from finercam_core.parts.choice import ChoiceError, JudgedImages, choose_judged, parts_in_words
from finercam_core.parts.lists import ImageLists, read_lists
from finercam_core.parts.part import NO_FOLD, Part

__all__ = [
    "NO_FOLD",
    "ChoiceError",
    "ImageLists",
    "JudgedImages",
    "Part",
    "assign_parts",
    "choose_judged",
    "parts_in_words",
    "read_lists",
]
