"""What napari's File menu opens and saves: stores, trait masks, the sample."""
