# The names of this room. `__init__.py` loads each when it is first used.
from .assignment import PartAssignment
from .choice import ChoiceError, JudgedImages, choose_judged, parts_in_words
from .lists import ImageLists, read_lists
from .part import ALL, AUTO, NO_FOLD, Part

__all__ = [
    "ALL",
    "AUTO",
    "NO_FOLD",
    "ChoiceError",
    "ImageLists",
    "JudgedImages",
    "Part",
    "PartAssignment",
    "choose_judged",
    "parts_in_words",
    "read_lists",
]
