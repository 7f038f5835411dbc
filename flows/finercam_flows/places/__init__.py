"""Paths that a user gives, judged by the file system alone, before torch, Prefect or pandas is imported."""
