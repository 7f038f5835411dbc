"""What the queue knows of all specimens at once: their scores, and the texts that they are found by."""
