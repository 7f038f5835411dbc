"""A preparation that ends its process on one colour, as a fault in a C library would. Workers load it: no torch."""

import os
import signal
import time

import numpy as np
from PIL import Image

from finercam_core.images.preparation import Preparation

COLOUR = (40, 100, 215)


def _end(fate: str) -> None:
    if fate == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fate == "hanging":
        time.sleep(600)
    os._exit(11)


class Deadly(Preparation):
    def resize(self, image: Image.Image, photograph: tuple[int, int] | None = None) -> np.ndarray:
        if image.getpixel((0, 0)) == COLOUR:
            _end(os.environ.get("FINERCAM_TEST_FATE", "dying"))
        return super().resize(image, photograph)
