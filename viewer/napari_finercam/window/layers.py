"""The layers of a review: photograph, heat map, the collection's trait mask, regions."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from finercam_core.images.palette import REGION_COLOURS, TRAIT_COLOURS
from napari_finercam.formats.layer_style import (
    DIFFERENCE_COLORMAP,
    HEAT,
    HEAT_COLORMAP,
    REGION,
    REGIONS_KEY,
    SPECIMEN,
    STORE_KEY,
    TRAITS,
    RegionsMetadata,
    label_colormap,
)
from napari_finercam.session.loaded_specimen import LoadedSpecimen
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.outline import Labels

if TYPE_CHECKING:
    import napari


def regions_metadata(session: ReviewSession) -> RegionsMetadata:
    """What the writer needs to know of the regions of the current specimen."""
    image_id = session.specimen.image_id
    return {
        "image_id": image_id,
        "place": session.store.place(image_id),
        "values": {trait.name: trait.id for trait in session.traits},
        "regions": session.about_regions(),
    }


def _fill(layer: "napari.layers.Layer", values: npt.NDArray[Any]) -> None:
    """Put values into a layer's own array, which costs napari half the time of taking another one."""
    if layer.data.shape == values.shape and layer.data.dtype == values.dtype:
        np.copyto(layer.data, values)
        layer.refresh(extent=False)
    else:
        layer.data = values.copy()


class ReviewLayers:
    """Layers that `show` fills again for each specimen, which is much faster than adding new ones.

    Parameters
    ----------
    viewer : napari.Viewer
    session : ReviewSession
    """

    def __init__(self, viewer: "napari.Viewer", session: ReviewSession) -> None:
        self._viewer = viewer
        for layer in [layer for layer in viewer.layers if STORE_KEY in layer.metadata]:
            viewer.layers.remove(layer)
        specimen = session.specimen
        self.image = viewer.add_image(specimen.image.copy(), name=SPECIMEN, rgb=True)
        heat = session.comparison.heat(specimen)
        self.heat = viewer.add_image(heat.copy(), name=HEAT, blending="translucent", interpolation2d="linear")
        blank = np.zeros(specimen.image.shape[:2], np.uint8)
        self.traits = viewer.add_labels(blank, name=TRAITS, opacity=0.45, visible=False)
        self.traits.colormap = label_colormap(TRAIT_COLOURS)
        self.traits.editable = False
        self.regions = Labels(blank.copy(), name=REGION, opacity=0.95)
        viewer.add_layer(self.regions)
        self.regions.colormap = label_colormap(REGION_COLOURS)
        self.regions.brush_size = 12
        self._shape: tuple[int, ...] = ()
        self._no_traits = True
        viewer.layers.selection.active = self.regions

    def show(self, session: ReviewSession) -> None:
        """Fill the layers with the current specimen; those that were deleted come back."""
        specimen = session.specimen
        for layer in (self.image, self.heat, self.traits, self.regions):
            if layer not in self._viewer.layers:
                self._viewer.add_layer(layer)
        _fill(self.image, specimen.image)
        self.show_heat(session)
        self._show_traits(specimen)
        self.show_regions(session)
        if specimen.image.shape != self._shape:
            self._shape = specimen.image.shape
            self.regions.contour = max(1, round(max(specimen.image.shape[:2]) / 350))
            self._viewer.reset_view()

    def _show_traits(self, specimen: LoadedSpecimen) -> None:
        blank = specimen.traits is None
        if not (blank and self._no_traits and self.traits.data.shape == specimen.image.shape[:2]):
            self.traits.data = np.asarray(np.zeros(specimen.image.shape[:2]) if blank else specimen.traits, np.uint8)
        self._no_traits = blank

    def show_heat(self, session: ReviewSession) -> None:
        """Draw the map again, after γ, the references or the weighting changed."""
        values, signed = session.comparison.heat(session.specimen), session.comparison.settings.signed
        down, across = (full / small for full, small in zip(session.specimen.image.shape, values.shape, strict=False))
        _fill(self.heat, values)
        # Each of these assignments makes napari lay out everything again.
        if tuple(self.heat.scale) != (down, across):
            self.heat.scale, self.heat.translate = (down, across), (down / 2 - 0.5, across / 2 - 0.5)
        limits = (-1.0 if signed else 0.0, 1.0)
        if tuple(self.heat.contrast_limits) != limits:
            self.heat.contrast_limits_range = self.heat.contrast_limits = limits
        colormap = DIFFERENCE_COLORMAP if signed else HEAT_COLORMAP
        if self.heat.colormap.name != colormap.name:
            self.heat.colormap = colormap

    def show_regions(self, session: ReviewSession) -> None:
        """Draw the regions again. The layer has an array of its own, because painting changes it in place."""
        _fill(self.regions, session.regions.labels)
        self.describe_regions(session)

    def describe_regions(self, session: ReviewSession) -> None:
        """Let the layer of regions know what they are, for File > Save."""
        self.regions.metadata[REGIONS_KEY] = regions_metadata(session)

    def painted(self) -> npt.NDArray[np.integer]:
        """Regions as they are on screen; integer array (height, width)."""
        labels: npt.NDArray[np.integer] = np.asarray(self.regions.data)
        return labels
