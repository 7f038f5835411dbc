"""Statistics over held-out specimens of two species: separation, permutation, false discoveries; no store, no torch."""
