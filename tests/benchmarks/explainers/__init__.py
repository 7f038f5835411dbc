"""What the explainer is measured on, and the other libraries that it is measured against."""
