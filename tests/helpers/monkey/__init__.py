"""Random acts at a review's window, and a model of what must be there after them."""
