"""A lab that shares a review: whose specimens are whose, and the last word where two disagree."""
