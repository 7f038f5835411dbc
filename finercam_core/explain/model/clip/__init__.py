"""CLIP-like models: classes that are texts, and the prompts that name them."""
