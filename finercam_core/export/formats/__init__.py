"""One module per format of exported masks."""
