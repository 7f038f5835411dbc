"""How sharp evidence is on the rendered truth: what is trained for it, and what is measured on it."""
