"""Pictures of other specimens than the current one: those of a look-alike, and thumbnails."""
