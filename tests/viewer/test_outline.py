import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from napari_finercam.window.picture.outline import Labels, outline

LABELS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 3))


@given(LABELS, st.integers(1, 5))
def test_a_pixel_is_kept_if_another_label_is_within_the_thickness_beside_or_above_it(labels, thickness):
    height, width = labels.shape
    expected = np.zeros_like(labels)
    for y in range(height):
        for x in range(width):
            column = labels[max(0, y - thickness) : y + thickness + 1, x]
            row = labels[y, max(0, x - thickness) : x + thickness + 1]
            if (column != labels[y, x]).any() or (row != labels[y, x]).any():
                expected[y, x] = labels[y, x]
    np.testing.assert_array_equal(outline(labels, thickness), expected)


@pytest.mark.parametrize("value", [0, 1])
def test_the_edge_of_the_picture_is_no_border(value):
    assert not outline(np.full((20, 30), value, np.uint8), 3).any()


@pytest.mark.gui
def test_the_layer_draws_these_outlines_and_keeps_them_up_to_date_while_painting(make_napari_viewer):
    viewer, layer = make_napari_viewer(), Labels(np.zeros((40, 60), np.uint8))
    viewer.add_layer(layer)
    layer.contour = 2
    regions = np.zeros((40, 60), np.uint8)
    regions[5:20, 5:30] = 1
    layer.data = regions
    np.testing.assert_array_equal(layer._slice.image.view > 0, outline(layer.data, 2) > 0)
    layer.paint((12, 20), 2)
    assert (layer.data == 2).any()
    np.testing.assert_array_equal(layer._slice.image.view > 0, outline(layer.data, 2) > 0)
