"""The layers of a review: photograph, heat map, the collection's trait mask, regions."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.utils.colormaps import Colormap, DirectLabelColormap

from finercam_core.images import palette
from finercam_core.images.palette import REGION_COLOURS, TRAIT_COLOURS, Ramp
from napari_finercam.session.regions import MOST
from napari_finercam.window.outline import Labels

if TYPE_CHECKING:
    import napari

    from napari_finercam.session.review import ReviewSession
    from napari_finercam.session.view import View

SPECIMEN, HEAT, TRAITS, REGION = "specimen", "Finer-CAM", "trait mask", "region"
STORE = "finercam_store"  # in the metadata of the reader's layers: where the store is


def _colormap(stops: Ramp, name: str) -> Colormap:
    return Colormap([colour for _, colour in stops], name=name, controls=[place for place, _ in stops])


HEAT_COLOURS = _colormap(palette.HEAT, "finercam-heat")
DIFFERENCE_COLOURS = _colormap(palette.DIFFERENCE, "finercam-difference")


def label_colours(colours: tuple[str, ...]) -> DirectLabelColormap:
    """Colours of numbered regions, repeated as needed; 0 and unknown numbers are transparent."""
    clear = np.zeros(4)
    named: dict[int | None, Any] = {number: colours[(number - 1) % len(colours)] for number in range(1, MOST + 1)}
    return DirectLabelColormap(color_dict={**named, 0: clear, None: clear})


def described(session: "ReviewSession") -> dict[str, Any]:
    """What the writer needs to know of the layer of regions; plain values, since napari copies them with the layer."""
    return {
        "image_id": session.view.image_id,
        "place": session.store.place(session.view.image_id),
        "values": {trait.name: trait.id for trait in session.traits},
        "regions": session.about_regions(),
    }


def _fill(layer: "napari.layers.Layer", values: npt.NDArray[Any]) -> None:
    """Put values into a layer's own array, which spares napari half the work of taking another one."""
    if layer.data.shape == values.shape and layer.data.dtype == values.dtype:
        np.copyto(layer.data, values)
        layer.refresh(extent=False)
    else:
        layer.data = values.copy()


class ReviewLayers:
    """Layers that are filled again by `show` for each specimen, which is much faster than adding new ones.

    Parameters
    ----------
    viewer : napari.Viewer
    session : ReviewSession
    """

    def __init__(self, viewer: "napari.Viewer", session: "ReviewSession") -> None:
        self._viewer = viewer
        for layer in [layer for layer in viewer.layers if STORE in layer.metadata]:
            viewer.layers.remove(layer)
        view = session.view
        self.image = viewer.add_image(view.image.copy(), name=SPECIMEN, rgb=True)
        self.heat = viewer.add_image(session.heat().copy(), name=HEAT, blending="translucent", interpolation2d="linear")
        blank = np.zeros(view.image.shape[:2], np.uint8)
        self.traits = viewer.add_labels(blank, name=TRAITS, opacity=0.45, visible=False)
        self.traits.colormap = label_colours(TRAIT_COLOURS)
        self.traits.editable = False
        self.regions = Labels(blank.copy(), name=REGION, opacity=0.95)
        viewer.add_layer(self.regions)
        self.regions.colormap = label_colours(REGION_COLOURS)
        self.regions.brush_size = 12
        self._shape: tuple[int, ...] = ()
        self._no_traits = True
        viewer.layers.selection.active = self.regions

    def show(self, session: "ReviewSession") -> None:
        """Fill the layers with the specimen that is on; those that were deleted come back."""
        view = session.view
        for layer in (self.image, self.heat, self.traits, self.regions):
            if layer not in self._viewer.layers:
                self._viewer.add_layer(layer)
        _fill(self.image, view.image)
        self.show_heat(session)
        self._show_traits(view)
        self.show_regions(session)
        if view.image.shape != self._shape:
            self._shape = view.image.shape
            self.regions.contour = max(1, round(max(view.image.shape[:2]) / 350))
            self._viewer.reset_view()

    def _show_traits(self, view: "View") -> None:
        blank = view.traits is None
        if not (blank and self._no_traits and self.traits.data.shape == view.image.shape[:2]):
            self.traits.data = np.asarray(np.zeros(view.image.shape[:2]) if blank else view.traits, np.uint8)
        self._no_traits = blank

    def show_heat(self, session: "ReviewSession") -> None:
        """Draw the map again: γ, the references or the weighting changed."""
        values, signed = session.heat(), session.settings.signed
        down, across = (full / small for full, small in zip(session.view.image.shape, values.shape, strict=False))
        _fill(self.heat, values)
        # Each of these makes napari lay out everything again.
        if tuple(self.heat.scale) != (down, across):
            self.heat.scale, self.heat.translate = (down, across), (down / 2 - 0.5, across / 2 - 0.5)
        if self.heat.contrast_limits != [-1.0 if signed else 0.0, 1.0]:
            self.heat.contrast_limits_range = self.heat.contrast_limits = (-1.0 if signed else 0.0, 1.0)
        if self.heat.colormap.name != (DIFFERENCE_COLOURS if signed else HEAT_COLOURS).name:
            self.heat.colormap = DIFFERENCE_COLOURS if signed else HEAT_COLOURS

    def show_regions(self, session: "ReviewSession") -> None:
        """Draw the regions again. The layer has an array of its own, since painting changes it in place."""
        _fill(self.regions, session.regions.labels)
        self.describe(session)

    def describe(self, session: "ReviewSession") -> None:
        """Let the layer of regions know what they are, for File > Save."""
        self.regions.metadata["finercam"] = described(session)

    def painted(self) -> npt.NDArray[np.integer]:
        """Regions as they stand on screen."""
        found: npt.NDArray[np.integer] = np.asarray(self.regions.data)
        return found
