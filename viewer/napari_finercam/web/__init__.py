"""The review in a browser: a small server on this machine, another skin of the session. No Qt and no napari."""
