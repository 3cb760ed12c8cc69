"""Prefect flows: one a path, each reading like the path it is, and the operating flows."""
