"""The layers of a review: photograph, heat map, the collection's trait mask, regions."""

from typing import TYPE_CHECKING

import numpy as np

from finercam_core.errors import ReviewError
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
from napari_finercam.session import captions
from napari_finercam.session.loaded_specimen import LoadedSpecimen
from napari_finercam.session.regions import MAX_NUMBER
from napari_finercam.session.regions import Labels as RegionLabels
from napari_finercam.session.regions.numbers import within_numbers
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.picture.fitted_view import FittedView
from napari_finercam.window.picture.other_layers import OtherLayers
from napari_finercam.window.picture.outline import Labels
from napari_finercam.window.picture.strokes import Strokes, fill

if TYPE_CHECKING:
    import napari


NOT_TAKEN = f"{REGION}, not taken"
_LEAST_BRUSH = 3


def regions_metadata(session: ReviewSession) -> RegionsMetadata:
    """What the writer needs to know of the regions of the current specimen."""
    image_id = session.specimen.image_id
    return {
        "image_id": image_id,
        "place": session.store.place(image_id),
        "values": {trait.name: trait.id for trait in session.traits},
        "regions": session.about_regions(),
        "shape": session.specimen.full_shape or session.regions.labels.shape,
    }


def _put_back(layer: "napari.layers.Layer", scale: tuple[float, ...], translate: tuple[float, ...]) -> None:
    """Undo what napari's transform tool did to a layer. Each assignment makes napari lay out everything again."""
    if not np.array_equal(layer.affine.affine_matrix, np.eye(3)):
        layer.affine = np.eye(3)
    if not np.array_equal(layer.rotate, np.eye(2)):
        layer.rotate = 0
    if np.any(layer.shear):
        layer.shear = (0,)
    if tuple(layer.scale) != scale:
        layer.scale = scale
    if tuple(layer.translate) != translate:
        layer.translate = translate


class ReviewLayers:
    """Layers that `show` fills again for each specimen, which is much faster than adding new ones.

    Parameters
    ----------
    viewer : napari.Viewer
    session : ReviewSession

    Attributes
    ----------
    unsaid : list of str
        What the reviewer has not been told yet of layers that were not taken.
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
        self.strokes = Strokes(self.regions)
        self.others = OtherLayers(viewer, (self.image, self.heat, self.traits, self.regions))
        self._view = FittedView(viewer)
        self._longer = 0
        self._shape: tuple[int, ...] = ()
        self._no_traits = True
        self._image_id = ""
        self.unsaid: list[str] = []
        self.renumbered = False
        viewer.layers.selection.active = self.regions

    def show(self, session: ReviewSession) -> None:
        """Fill the layers with the current specimen; those that were deleted or moved come back."""
        specimen = session.specimen
        if specimen.image_id != self._image_id:
            self.unsaid += [captions.untaken(str(layer.name)) for layer in self.others.changed() if self._image_id]
            self._image_id = specimen.image_id
            self.others.mark()
        for layer in (self.image, self.heat, self.traits, self.regions):
            if layer not in self._viewer.layers:
                self._viewer.add_layer(layer)
        for layer in (self.image, self.traits, self.regions):
            _put_back(layer, (1.0, 1.0), (0.0, 0.0))
        fill(self.image, specimen.image)
        self.show_heat(session)
        self._show_traits(specimen)
        self.show_regions(session)
        if specimen.image.shape != self._shape:
            self._shape = specimen.image.shape
            self._fit_tools(max(specimen.image.shape[:2]))
            self._viewer.reset_view()

    def _fit_tools(self, longer: int) -> None:
        """Let outline and brush be as large on a photograph of thousands of pixels as on a small one."""
        self.regions.contour = max(1, round(longer / 350))
        brush = self.regions.brush_size * longer / self._longer if self._longer else longer / 60
        self.regions.brush_size = max(_LEAST_BRUSH, round(brush))
        self._longer = longer

    def _keep_foreign(self) -> None:
        """What somebody put into the layer of regions and is of another shape goes to a layer of its own."""
        if self.strokes.foreign is not None:
            self.set_aside()

    def painted(self, session: ReviewSession, image_id: str, labels: RegionLabels) -> RegionLabels | None:
        """What was painted over the session's regions, with numbers that regions can have; see `ReviewScreen`.

        `renumbered` tells whether some had others. More objects than regions can be are put aside.
        """
        found = self.strokes.painted(image_id, labels)
        self.renumbered = found is not None and bool(found.max() > MAX_NUMBER)
        if found is None:
            return None
        try:
            return within_numbers(found, session.regions.numbers)
        except ReviewError as error:
            self.set_aside()
            self.strokes.show(image_id, labels)
            self.renumbered = False
            self.unsaid.append(f"{error}. It is in the layer “{NOT_TAKEN}”.")
            return None

    def set_aside(self) -> None:
        """Put what is in the layer of regions, and cannot be regions, into a layer of its own."""
        self._viewer.add_labels(np.array(self.regions.data), name=NOT_TAKEN)
        self.activate()
        self.others.mark()

    def activate(self) -> None:
        """Let keys and mouse go to the layer of regions."""
        self._viewer.layers.selection.active = self.regions

    def remove(self) -> None:
        """Take the layers away, when the review ends."""
        self._view.end()
        mine = [layer for layer in (self.image, self.heat, self.traits, self.regions) if layer in self._viewer.layers]
        # napari draws while it takes a layer away, and fails at one whose textures are gone already.
        self._viewer.layers.selection.clear()
        for layer in mine:
            layer.visible = False
        for layer in mine:
            self._viewer.layers.remove(layer)

    def _show_traits(self, specimen: LoadedSpecimen) -> None:
        blank = specimen.traits is None
        if not (blank and self._no_traits and self.traits.data.shape == specimen.image.shape[:2]):
            self.traits.data = np.asarray(np.zeros(specimen.image.shape[:2]) if blank else specimen.traits, np.uint8)
            # napari takes the extent of a hidden layer for what it was, until the layer is moved.
            self.traits.translate = self.traits.translate
        self._no_traits = blank

    def show_heat(self, session: ReviewSession) -> None:
        """Draw the map again, after γ, the references or the weighting changed."""
        values, signed = session.comparison.heat(session.specimen), session.comparison.settings.signed
        down, across = (full / small for full, small in zip(session.specimen.image.shape, values.shape, strict=False))
        fill(self.heat, values)
        _put_back(self.heat, (down, across), (down / 2 - 0.5, across / 2 - 0.5))
        limits = (-1.0 if signed else 0.0, 1.0)
        if tuple(self.heat.contrast_limits) != limits:
            self.heat.contrast_limits_range = self.heat.contrast_limits = limits
        colormap = DIFFERENCE_COLORMAP if signed else HEAT_COLORMAP
        if self.heat.colormap.name != colormap.name:
            self.heat.colormap = colormap

    def show_regions(self, session: ReviewSession) -> None:
        """Draw the regions again."""
        self._keep_foreign()
        self.strokes.show(session.specimen.image_id, session.regions.labels)
        self.describe_regions(session)

    def describe_regions(self, session: ReviewSession) -> None:
        """Let the layer of regions know what they are, for File > Save."""
        self.regions.metadata[REGIONS_KEY] = regions_metadata(session)
