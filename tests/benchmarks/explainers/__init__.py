"""What the explainer is measured on, and the libraries that it is compared with."""
