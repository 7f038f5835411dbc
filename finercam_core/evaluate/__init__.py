"""Does a map tell the truth? Figures with intervals that could come out either way."""
