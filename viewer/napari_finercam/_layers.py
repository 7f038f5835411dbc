"""The three layers of a review: photograph, heat map, region."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.utils.colormaps import Colormap, DirectLabelColormap

if TYPE_CHECKING:
    import napari

SPECIMEN, HEAT, REGION = "specimen", "Finer-CAM", "region"
# Transparent at zero, so that the heat map never hides the specimen; yellow to purple reads on light and dark
# animals and for colour-blind people.
HEAT_COLOURS = Colormap(
    [(1.0, 0.85, 0.2, 0.0), (1.0, 0.62, 0.0, 0.45), (0.87, 0.12, 0.25, 0.65), (0.35, 0.0, 0.45, 0.75)],
    name="finercam-heat",
    controls=[0.0, 0.35, 0.7, 1.0],
)
REGION_COLOUR = (0.0, 0.45, 0.95, 1.0)


def show_layers(
    viewer: "napari.Viewer",
    image: npt.NDArray[np.uint8],
    heat: npt.NDArray[np.float32],
    mask: npt.NDArray[np.bool_],
) -> Any:
    """Put a specimen into the viewer in place of the one before; returns the new Labels layer."""
    for name in (REGION, HEAT, SPECIMEN):
        if name in viewer.layers:
            viewer.layers.remove(name)
    viewer.add_image(image, name=SPECIMEN, rgb=True)
    viewer.add_image(
        heat, name=HEAT, colormap=HEAT_COLOURS, contrast_limits=(0, 1), blending="translucent", interpolation2d="linear"
    )
    colours = DirectLabelColormap(color_dict={1: REGION_COLOUR, None: (0, 0, 0, 0)})
    labels = viewer.add_labels(mask.astype(np.uint8), name=REGION, colormap=colours, opacity=0.9)
    labels.contour = max(1, round(max(image.shape[:2]) / 250))
    viewer.reset_view()
    return labels
