"""Ways to reach a file: HTTP, the Hugging Face hub and file systems, behind one guard."""
